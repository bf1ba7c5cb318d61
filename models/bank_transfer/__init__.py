"""The bank story on PostgreSQL: two accounts, transfers both ways, and a row lock each."""
