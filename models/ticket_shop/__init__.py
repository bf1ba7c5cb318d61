"""The ticket shop on Redis and PostgreSQL: what each of its two locks is good for."""
