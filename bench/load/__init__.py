"""How many requests a second the product answers, and how soon.

Seeds a database of its own, runs web, worker and beat over it as in production, lets visitors in
for a while, and compares what they were told with what the database holds.
"""
