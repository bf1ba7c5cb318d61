"""Which kind of race a failing run shows."""
