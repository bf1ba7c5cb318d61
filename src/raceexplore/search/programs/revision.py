"""A program as it was at a revision of git: its project, put aside and loaded from there."""

from __future__ import annotations

import atexit
import importlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.load import load_program
from raceexplore.search.programs.project import is_project_file
from raceexplore.search.programs.target import find_file, split_reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from raceexplore.kernel.program import Program


def load_revision(reference: str, revision: str) -> Program:
    """Return the program ``path/to/file.py[:name]`` as it was at ``revision``.

    All of its repository is read from there, so that what it imports is as old as itself; the
    working tree stays as it is. What a function imports only when it is called comes from the
    working tree. Raises `BadProgram` where there is no such revision, or no such file in it.
    """
    place, name = split_reference(reference)
    if not place.endswith(".py"):
        raise BadProgram(f"--rev takes a file of a git repository, not {place!r}")
    path = find_file(place).resolve()
    top = Path(_git(path.parent, "rev-parse", "--show-toplevel").decode().strip())
    old = _unpacked(top, revision)
    inside = path.relative_to(top)
    if not (old / inside).is_file():
        raise BadProgram(f"{place} is not in revision {revision}")
    with _forgotten(old, top):
        program = load_program(f"{old / inside}:{name}" if name else str(old / inside))
        if program.observed is not None:
            program.observed()  # loaded now, while its imports lead to the old files
    told = program.name.rpartition(":")[2]
    return replace(program, name=f"{place}@{revision}:{told}")


def _git(folder: Path, *words: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise BadProgram("--rev needs git, and there is none on the path")
    done = subprocess.run(  # noqa: S603 git, with words of ours and one revision
        [git, "-C", str(folder), *words], capture_output=True, check=False
    )
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BadProgram(f"git {words[0]}: {told[0] if told else 'failed'}")
    return done.stdout


def _unpacked(top: Path, revision: str) -> Path:
    """Return a folder with the files of ``revision``, which is gone when the process ends."""
    commit = _git(top, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    archive = _git(top, "archive", "--format=tar", commit.decode().strip())
    folder = Path(tempfile.mkdtemp(prefix="raceexplore-revision-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return folder


@contextmanager
def _forgotten(old: Path, top: Path) -> Iterator[None]:
    """Import from ``old`` and forget it afterwards: what ``top`` holds now has the same names."""
    before, hidden = list(sys.path), _modules_in(top)
    sys.path.insert(0, str(old))
    for name in hidden:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.path[:] = before
        for name in _modules_in(old):
            del sys.modules[name]
        sys.modules.update(hidden)
        importlib.invalidate_caches()


def _modules_in(folder: Path) -> dict[str, ModuleType]:
    """Return what was imported from the project in ``folder``, by name."""
    return {
        name: module
        for name, module in list(sys.modules.items())
        if is_project_file(file := str(getattr(module, "__file__", None) or "<none>"))
        and Path(file).resolve().is_relative_to(folder)
    }
