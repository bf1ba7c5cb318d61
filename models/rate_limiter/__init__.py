"""The rate-limiter story: a bucket of tokens that two requests empty at once."""
