"""The house keeps its own rules: layers, sizes, docstrings, determinism (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from house import (
    FOLDER_MAX,
    GUESTS,
    ROOT,
    RULES,
    SCRIPT_COLUMNS,
    Rule,
    Source,
    circles,
    file_length,
    namesakes,
    room_circles,
)

# The only way out of a rule: {"rule path" or "rule path::function": reason}.
EXEMPT = {
    "function_length src/raceexplore/kernel/trio_loop/loop.py::Loop.drive": (
        "the run loop: a call per step costs measurable speed"
    ),
    "function_depth src/raceexplore/kernel/trio_loop/loop.py::Loop.drive": (
        "the run loop: a call per step costs measurable speed"
    ),
    "function_length src/raceexplore/kernel/asyncio_loop/drive.py::Drive.drive": (
        "the run loop: a call per step costs measurable speed"
    ),
    "function_depth src/raceexplore/kernel/asyncio_loop/drive.py::Drive.drive": (
        "the run loop: a call per step costs measurable speed"
    ),
    "file_length src/raceexplore/kernel/trio_loop/loop.py": (
        "the run loop and what happens between its events: one idea, argued in place"
    ),
    "determinism src/raceexplore/kernel/fence/watchdog.py": (
        "it asks which thread it is in, to know whether it may handle signals; no choice depends"
    ),
    "determinism src/raceexplore/sim/postgres/sql/values/types.py": (
        "columns hold dates and times; the clock that makes them is the world's"
    ),
    "determinism src/raceexplore/sim/data/moments.py": "its dates count from the run's beginning",
    "determinism src/raceexplore/sim/data/today.py": "it puts the virtual clock in its place",
    **{
        f"determinism src/raceexplore/sim/processes/{name}.py": (
            "it stands for os: flags and results are os's own, and nothing of the machine is asked"
        )
        for name in ("ordinary", "descriptors", "paths")
    },
    "determinism src/raceexplore/kernel/fence/endings.py": "it patches what ends a process",
    "determinism src/raceexplore/kernel/fence/pulse.py": (
        "it watches the process that runs; what a run sees of it is whether it has died before"
    ),
    "determinism src/raceexplore/kernel/fence/guard.py": "it patches the modules that it keeps out",
    "determinism src/raceexplore/kernel/fence/chance.py": "it is what stands for random in a run",
    "determinism src/raceexplore/kernel/fence/serving.py": "which run it serves is a thread's own",
    "determinism src/raceexplore/kernel/standing/walk.py": (
        "os.path tells the user's files from ours; no choice depends on it"
    ),
}

# Why a file has more than 300 lines; none has more than 400.
LONG: dict[str, str] = {
    "src/raceexplore/cli/main.py": "what run, replay and report take stands beside what they do",
    "src/raceexplore/kernel/events/record.py": "soundness hangs on it, so it is read at once",
    "src/raceexplore/kernel/standing/walk.py": "one walk along one chain, whatever is in it",
    "src/raceexplore/kernel/run.py": "a run, as the loop, the guard and the world see it",
    "src/raceexplore/observe/effects/by_class_of_object.py": "one decision, asked in one order",
    "src/raceexplore/observe/hooks/note.py": "one function for each effect of the table",
    "src/raceexplore/observe/ledger/ledger.py": "one class, and its state",
}

# What imports one another in a circle, most for types only: from before the rule.
SIM = "raceexplore.sim"
IN_CIRCLES = {
    f"{SIM}.http.stub", f"{SIM}.http.transport", f"{SIM}.locks.store", f"{SIM}.redis.client",
    f"{SIM}.redis.pipeline", f"{SIM}.redis.pubsub", f"{SIM}.redis.server", f"{SIM}.redis.node",
    f"{SIM}.redis.waiting", f"{SIM}.postgres.connection", f"{SIM}.postgres.cursor",
    f"{SIM}.postgres.controls", f"{SIM}.postgres.functions", f"{SIM}.postgres.session",
    f"{SIM}.postgres.engine.locks", f"{SIM}.postgres.engine.rows",
    f"{SIM}.postgres.engine.transactions", f"{SIM}.postgres.sql.select",
    f"{SIM}.postgres.sql.sources",
    "raceexplore.kernel.asyncio_loop.drive", "raceexplore.kernel.asyncio_loop.ending",
    "raceexplore.kernel.asyncio_loop.state",
}  # fmt: skip
ROOMS_IN_CIRCLES = {
    "sim/http", "sim/http/wiremock", "sim/locks", "sim/postgres/sql", "sim/postgres/sql/values",
    "sim/redis",
}  # fmt: skip

# Two things of one name, from before the rule: none may be added.
NAMESAKES = {
    "Case", "Clockwork", "Deed", "Found", "Halt", "History", "Ledger", "Loop", "Place", "Race",
    "Recorded", "Recording", "Running", "Schedule", "Scope",
    "Segment", "Side", "Step", "Switch", "Told", "Touch", "Trial", "_Search",
}  # fmt: skip

# How many lines of a script are longer than they may be, from before the rule.
LONG_LINES = {"lanes.js": 16, "model.js": 2, "page.js": 15, "panes.js": 19, "tabs.js": 15}

# Each rule bites: (rule, path, text that breaks it once).
BROKEN = [
    ("arrows", "src/raceexplore/kernel/x.py", "import raceexplore.search.explore"),
    ("arrows", "src/raceexplore/kernel/x.py", "from ..search import explore"),
    ("arrows", "src/raceexplore/kernel/x.py", "import raceexplore"),
    ("arrows", "src/raceexplore/kernel/x.py", "from raceexplore import search"),
    ("arrows", "src/raceexplore/kernel/x.py", "def f():\n  from raceexplore.sim import a"),
    ("arrows", "src/raceexplore/sim/x.py", "from raceexplore.observe import a"),
    ("arrows", "src/raceexplore/search/x.py", "from raceexplore.schedulers import pct"),
    ("arrows", "src/raceexplore/search/x.py", "from raceexplore.report.terminal.text import a"),
    ("arrows", "src/raceexplore/pytest_plugin/x.py", "from raceexplore.cli import main"),
    ("arrows", "src/raceexplore/kernel/x.py", "from raceexplore.attic import a"),
    ("arrows", "src/raceexplore/toolbox/x.py", "from raceexplore.search.explore import a"),
    ("arrows", "src/raceexplore/cli/main.py", "from raceexplore.models.ticketing import buggy"),
    ("arrows", "schedulers/x.py", "from raceexplore.kernel.choice import ChoicePoint"),
    ("arrows", "schedulers/x.py", "from raceexplore import kernel"),
    ("arrows", "schedulers/x.py", "from raceexplore import not_public"),
    ("arrows", "schedulers/x.py", "from raceexplore.toolbox import not_offered"),
    ("arrows", "schedulers/x.py", "from raceexplore.toolbox.frontier import Frontier"),
    ("arrows", "models/story/x.py", "from raceexplore.toolbox import derive"),
    ("arrows", "schedulers/x.py", "from raceexplore.schedulers.pct import PCT"),
    ("arrows", "schedulers/x.py", "from .pct import PCT"),
    ("arrows", "schedulers/x.py", "import raceexplore.models.ticketing.buggy"),
    ("arrows", "schedulers/x.py", "import trio"),
    ("arrows", "models/story/x.py", "from raceexplore.models.other import buggy"),
    ("arrows", "models/story/x.py", "import networkx"),
    ("rooms_are_known", "src/raceexplore/attic/x.py", "x = 1"),
    ("guests_stay_in_front", "models/story/x.py", "import raceexplore\nraceexplore.kernel"),
    ("file_length", "src/raceexplore/sim/x.py", "x = 1\n" * 401),
    ("file_length", "schedulers/x.py", "x = 1\n" * 151),
    ("function_length", "models/story/x.py", "def f():\n" + "    x = 1\n" * 50),
    ("function_depth", "models/story/x.py", "def f():\n if 1:\n  if 2:\n   if 3:\n    if 4: 5"),
    ("parameters", "models/story/x.py", "def f(a, b, c, d, e, f): 1"),
    ("docstrings", "models/story/x.py", "x = 1"),
    ("docstrings", "models/story/x.py", "'''A.'''\nclass A:\n  '''A.'''\n  def f(self): 1"),
    ("one_folder_knows_trio", "src/raceexplore/kernel/x.py", "from trio._core import Runner"),
    ("one_folder_knows_trio", "src/raceexplore/kernel/x.py", "from trio import _core"),
    ("one_folder_knows_trio", "models/story/x.py", "import trio\ntrio._core"),
    ("sim_knows_no_runtime", "src/raceexplore/sim/x.py", "def f():\n  from trio import sleep"),
    ("sim_knows_no_runtime", "src/raceexplore/sim/x.py", "import asyncio.locks"),
    ("determinism", "src/raceexplore/kernel/x.py", "import time"),
    ("determinism", "src/raceexplore/sim/x.py", "from os.path import join"),
    ("determinism", "schedulers/x.py", "from random import random"),
]

# What the rules allow on purpose.
SOUND = [
    ("arrows", "src/raceexplore/cli/main.py", "from raceexplore import explore\nimport click"),
    ("arrows", "src/raceexplore/__main__.py", "from raceexplore.cli import main"),
    ("arrows", "src/raceexplore/__init__.py", "from raceexplore.search.explore import explore"),
    ("arrows", "src/raceexplore/report/page/html.py", "from .timeline import rows"),
    ("arrows", "schedulers/x.py", "import raceexplore\nfrom random import Random"),
    ("arrows", "schedulers/x.py", "from raceexplore.sim import LogNormal"),
    ("arrows", "schedulers/x.py", "from raceexplore.toolbox import derive"),
    ("arrows", "models/story/x.py", "import trio\nfrom raceexplore.models.story.shop import Shop"),
    ("arrows", "models/story/x.py", "from .shop import Shop"),
    ("file_length", "schedulers/dpor.py", "x = 1\n" * 300),
    ("function_depth", "models/story/x.py", "def f():\n if 0: 0\n" + " elif 1: 2\n" * 9),
    ("parameters", "models/story/x.py", "def f(self, a, b, c, d, e, *, g, h): 1"),
    ("docstrings", "models/story/x.py", "'''A.'''\ndef _f():\n  def g(): 1"),
    ("one_folder_knows_trio", "models/story/x.py", "import trio\ntrio.__version__"),
    ("determinism", "schedulers/x.py", "from random import Random"),
    ("determinism", "src/raceexplore/search/x.py", "import time"),
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def paths_in(folder: str) -> list[Path]:
    """Python files below ``folder``; the symlinks of src/raceexplore are not followed."""
    links = [ROOT / "src/raceexplore" / guest for guest in GUESTS]
    found = sorted((ROOT / folder).rglob("*.py"))
    return [path for path in found if not any(link in path.parents for link in links)]


HOUSE = [path for folder in ("src", "schedulers", "models") for path in paths_in(folder)]
EVERYTHING = HOUSE + [path for folder in ("tests", "benchmarks") for path in paths_in(folder)]
NAMED = {rule.__name__: rule for rule in [*RULES, file_length]}


@cache
def source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(name(path), text, ast.parse(text, filename=str(path)))


def breaches(rule: Rule, path: Path) -> list[str]:
    found = rule(source(path))
    return [f"{where}: {what}" for where, what in found if f"{rule.__name__} {where}" not in EXEMPT]


def place(exempt: str) -> Path:
    """Return the file that an exemption is about; it may stand before the file is written."""
    return ROOT / exempt.split(" ")[1].split("::", maxsplit=1)[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_file_of_the_house_obeys(rule: Rule) -> None:
    assert [breach for path in HOUSE for breach in breaches(rule, path)] == []


def test_each_file_is_short() -> None:
    assert [breach for path in EVERYTHING for breach in breaches(file_length, path)] == []


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_rule_finds_what_breaks_it(rule: str, path: str, text: str) -> None:
    assert len(list(NAMED[rule](Source(path, text, ast.parse(text))))) == 1


@pytest.mark.parametrize(("rule", "path", "text"), SOUND)
def test_a_rule_allows_what_it_should(rule: str, path: str, text: str) -> None:
    assert list(NAMED[rule](Source(path, text, ast.parse(text)))) == []


def test_a_folder_of_the_house_holds_at_most_fifteen_files() -> None:
    folders = Counter(path.parent for path in paths_in("src"))
    crowded = {name(folder): files for folder, files in folders.items() if files > FOLDER_MAX}
    assert crowded == {}


def house(folder: str = "src") -> list[Source]:
    return [source(path) for path in paths_in(folder)]


def test_no_files_import_one_another_in_a_circle() -> None:
    assert [ring for ring in circles(house()) if not IN_CIRCLES.issuperset(ring)] == []
    assert set().union(*circles(house())) == IN_CIRCLES  # cut: strike them out


def test_no_rooms_import_one_another_in_a_circle() -> None:
    assert [ring for ring in room_circles(house()) if not ROOMS_IN_CIRCLES.issuperset(ring)] == []
    assert set().union(*room_circles(house())) == ROOMS_IN_CIRCLES  # cut: strike them out


def test_a_circle_is_found_among_imports_for_types_too() -> None:
    texts = {
        "a": "from raceexplore.kernel import b",
        "b": "def f():\n  import raceexplore.kernel.c",
        "c": "if TYPE_CHECKING:\n  from raceexplore.kernel.a import A",
    }
    files = [Source(f"src/raceexplore/kernel/{n}.py", t, ast.parse(t)) for n, t in texts.items()]
    assert circles(files) == [[f"raceexplore.kernel.{name}" for name in "abc"]]


def test_a_class_name_stands_once() -> None:
    assert namesakes(house()).keys() - NAMESAKES == set()
    assert NAMESAKES - namesakes(house()).keys() == set()  # renamed: strike it out


def test_the_pages_scripts_have_lines_of_at_most_120_columns() -> None:
    scripts = sorted((ROOT / "src").rglob("*.js"))
    long = {
        path.name: sum(len(line) > SCRIPT_COLUMNS for line in path.read_text("utf-8").splitlines())
        for path in scripts
    }
    assert scripts
    assert {name: lines for name, lines in long.items() if lines > LONG_LINES.get(name, 0)} == {}


def test_a_file_beyond_three_hundred_lines_has_a_reason() -> None:
    long = {name(path) for path in HOUSE if len(source(path).text.splitlines()) > 300}
    assert {path for path in long if f"file_length {path}" not in EXEMPT} - LONG.keys() == set()
    assert LONG.keys() - long == set()  # shorter again: strike it out


def test_each_exemption_is_still_needed() -> None:
    written = [exempt.split(" ") for exempt in EXEMPT if place(exempt).exists()]
    stale = [
        (rule, where)
        for rule, where in written
        if where not in [found for found, _ in NAMED[rule](source(ROOT / where.split("::")[0]))]
    ]
    assert stale == []


def python(code: str, *flags: str) -> str:
    command = [sys.executable, *flags, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_importing_raceexplore_imports_no_heavy_library() -> None:
    heavy = {"hypothesis", "networkx", "click", "rich"}
    assert python(f"import raceexplore, sys; print({heavy} & sys.modules.keys())") == "set()"


def test_no_top_level_module_called_schedulers_or_models_is_installed() -> None:
    code = "from importlib.util import find_spec as f; print(f('schedulers'), f('models'))"
    assert python(code, "-I") == "None None"  # -I: the working directory does not count
