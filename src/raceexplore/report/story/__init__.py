"""What is told of a run, whatever it is told on: segments, races, words."""
