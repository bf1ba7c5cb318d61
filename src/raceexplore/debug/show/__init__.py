"""What `raceexplore show` tells of a run: a state, when, by whom, what depends on it."""
