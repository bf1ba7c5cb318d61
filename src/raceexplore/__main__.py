"""``python -m raceexplore``."""

from raceexplore.cli import main

if __name__ == "__main__":  # a worker process may import this file under another name
    main()
