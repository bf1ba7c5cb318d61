"""A pool of connections: at most two are open at a time."""
