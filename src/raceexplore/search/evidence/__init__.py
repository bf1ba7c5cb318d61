"""What can be said in numbers: how often a program fails, and whether a fix holds."""
