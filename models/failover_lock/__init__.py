"""The failover story: a lock in Redis that the next master has never heard of."""
