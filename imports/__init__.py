"""OKR sets from a CSV file: read, checked as a whole, written all or nothing.

`sheets`, `rows`, `checking` and `plans` are pure: they run in the child process of `child`, which
knows neither the database nor the settings. Nothing may be imported here that needs either.
"""
