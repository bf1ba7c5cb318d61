"""What a user installs holds the whole house: from the wheel, and from a wheel out of the sdist."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import raceexplore

ROOT = Path(__file__).resolve().parent.parent
BIN = "Scripts" if sys.platform == "win32" else "bin"
ROUTES = ("wheel", "wheel-from-sdist")
# Python must find the installed project only, whatever the caller's environment says.
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def build(kind: str, source: Path, out: Path) -> Path:
    """Build one ``kind`` ("wheel" or "sdist") of ``source`` and return the file."""
    run(sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "-o", out, source, cwd=out)
    (built,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module", params=ROUTES)
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel made directly from the checkout, or from the sdist of the checkout."""
    out, source = tmp_path_factory.mktemp(request.param), ROOT
    if request.param == "wheel-from-sdist":
        sdist = build("sdist", ROOT, out)
        with tarfile.open(sdist) as archive:
            archive.extractall(out, filter="data")
        source = out / sdist.name.removesuffix(".tar.gz")
    return build("wheel", source, out)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh virtual environment that holds the wheel and what it depends on."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True, symlinks=sys.platform != "win32")
    run(home / BIN / "python", "-m", "pip", "install", "--quiet", wheel, cwd=home)
    return home


def files(folder: str) -> set[str]:
    return {path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob("*.py")}


def test_the_wheel_holds_every_module_once_and_nothing_else_at_the_top(wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    modules = [name for name in names if name.endswith(".py")]
    links = ("schedulers/", "models/")
    own = {name for name in files("src/raceexplore") if not name.startswith(links)}
    expected = {f"raceexplore/{name}" for name in own}
    expected |= {f"raceexplore/{guest}{name}" for guest in links for name in files(guest)}
    assert sorted(modules) == sorted(expected)
    assert "raceexplore/py.typed" in names
    assert {"raceexplore/report/page/page.html", "raceexplore/report/page/page.js"} < set(names)
    assert {name.split("/")[0] for name in names} == {"raceexplore"}


def test_the_installed_command_tells_its_version(installed: Path) -> None:
    said = run(installed / BIN / "raceexplore", "--version", cwd=installed)
    assert raceexplore.__version__ in said


def test_the_installed_package_holds_schedulers_and_models(installed: Path) -> None:
    code = (
        "import raceexplore.schedulers.random as s, raceexplore.models as m;"
        "print(s.__file__); print(m.__file__)"
    )
    said = run(installed / BIN / "python", "-c", code, cwd=installed).splitlines()
    assert [Path(line).is_relative_to(installed) for line in said] == [True, True]


def test_the_installed_package_adds_no_other_top_level_module(installed: Path) -> None:
    code = "from importlib.util import find_spec as f; print(f('schedulers'), f('models'))"
    assert run(installed / BIN / "python", "-c", code, cwd=installed) == "None None"
