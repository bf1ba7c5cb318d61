"""What PostgreSQL does about concurrency: versions, snapshots, locks, waits, serializability."""
