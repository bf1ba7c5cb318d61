"""The Redlock story: a lock that ends while its holder sleeps."""
