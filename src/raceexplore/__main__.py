"""``python -m raceexplore``."""

from raceexplore.cli import main

main()
