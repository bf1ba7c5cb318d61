"""The job queue on PostgreSQL: workers that take rows with SKIP LOCKED, and may crash."""
