"""Room 5: show runs."""
