"""A queue of jobs and its workers: each job is done once."""
