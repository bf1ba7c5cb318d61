"""The schedulers: how to choose, one file each; they import as ``raceexplore.schedulers``."""
