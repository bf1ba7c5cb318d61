"""What keeps a run inside its world: clocks, chance, the outside, endless events."""
