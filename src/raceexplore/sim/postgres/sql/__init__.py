"""SQL as PostgreSQL understands it: parsed by sqlglot, compiled to functions over rows."""
