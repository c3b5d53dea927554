"""OKR sets from sheets: read as they are, checked as a whole, written in one transaction.

These modules are pure: they run in the child process of `child`, which knows neither the database
nor the settings: `problems`, `columns`, `formats`, `sheets`, `records`, `cells`, `rows`, `checking`,
`known`, `cycles`, `plans`. Nothing may be imported there that needs either.
"""
