"""What pages cost in process, as ratios to a bare view behind the same middleware.

Each page is asked of the WSGI application itself, without sockets, in rounds: a slot of some calls
for each in shuffled order, so that what disturbs the machine disturbs all of them.
"""
