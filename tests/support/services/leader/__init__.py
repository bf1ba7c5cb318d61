"""An election by lease: one leads at a time."""
