"""A rate limiter: as many calls as there are tokens."""
