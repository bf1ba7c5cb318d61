"""A model is loaded as part of raceexplore: nothing else in the process imports from its folder."""

import sys
from pathlib import Path

from raceexplore.search.programs.load import load_program


def test_the_folder_of_a_model_stays_off_the_path() -> None:
    load_program("models/job_queue/buggy.py")
    folders = {Path(entry or ".").resolve() for entry in sys.path}
    assert not [folder for folder in folders if folder.parent.name == "models"]
