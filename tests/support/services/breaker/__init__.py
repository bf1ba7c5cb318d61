"""A circuit breaker: half open, it lets one probe through."""
