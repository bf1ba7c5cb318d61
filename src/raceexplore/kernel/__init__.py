"""Room 1: run one program once, on a schedule that somebody else chooses."""
