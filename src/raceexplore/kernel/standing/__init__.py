"""A run that stands still, looked at: where each task is, and what it waits for."""
