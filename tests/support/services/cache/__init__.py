"""A cache before a slow table: each row is loaded once."""
