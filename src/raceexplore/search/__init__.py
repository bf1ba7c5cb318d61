"""Room 4: run a program many times."""
