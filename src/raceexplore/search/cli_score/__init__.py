"""Score a command-line tool from 0 to 3: what happens when two of its commands run in parallel."""
