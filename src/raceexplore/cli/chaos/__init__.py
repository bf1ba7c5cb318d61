"""The door to chaos: what its command takes."""
