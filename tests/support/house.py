"""The rules of the house (docs/architecture.md): each finds its breaches in a source file."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx

import raceexplore
import raceexplore.toolbox

ROOT = Path(__file__).resolve().parents[2]

# Arrows go from a higher floor to a lower one, and never along a floor.
FLOORS = {
    "lazy": 0,
    "kernel": 0,
    "observe": 1,
    "sim": 1,
    "toolbox": 1,
    "linearizability": 1,
    "search": 2,
    "report": 3,
    "debug": 3,
    "hypothesis": 4,
    "stateful": 5,
    "cli": 4,
    "pytest_plugin": 4,
    "front": 5,
    "__main__": 5,  # `python -m raceexplore` goes through the door cli
}
DOORS = {"hypothesis", "linearizability", "stateful", "cli", "pytest_plugin"}
ASYNCIOS = "src/raceexplore/kernel/asyncio_loop/"  # where the loop is made, and its time
ROOMS = FLOORS.keys() - {"lazy", "front", "__main__"}
LINES_MAX = 400  # of a file
SCRIPT_COLUMNS = 120  # of a line of the page's JavaScript
FOLDER_MAX = 15  # files in a folder of src/raceexplore; past that it has rooms in it
GUESTS = {"schedulers", "models"}
CLIENTS = {"httpx", "psycopg", "redis"}  # a service's own libraries, which its stories keep
CHANCE = {
    "asyncio", "datetime", "multiprocessing", "os", "platform", "random", "secrets", "select",
    "signal", "socket", "subprocess", "tempfile", "threading", "time", "uuid",
}  # fmt: skip
BLOCKS = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar,
    ast.Match,
)  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef
Breach = tuple[str, str]  # where (a path, or path::function), and what is wrong there


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: its path from the root of the project, its text, and the tree of that."""

    path: str
    text: str
    tree: ast.Module

    @property
    def home(self) -> str:
        """The room, ``front``, ``__main__``, ``schedulers`` or ``models`` that holds this file."""
        parts = self.path.removeprefix("src/raceexplore/").split("/")
        return parts[0].removesuffix(".py").replace("__init__", "front")

    @property
    def module(self) -> str:
        """The dotted name that this file imports as."""
        inside = self.path.removeprefix("src/raceexplore/").removesuffix(".py")
        dotted = f"raceexplore/{inside}".removesuffix("/__init__")
        return dotted.replace("/", ".")


Rule = Callable[[Source], Iterator[Breach]]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Each imported name with its line; ``from a import b`` gives ``a:b``."""
    package = source.module.split(".")
    if not source.path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}:{alias.name}") for alias in node.names)


def target(name: str) -> str:
    """Return where an import leads: ``front``, a room, a guest, or the foreign module."""
    module, _, item = name.partition(":")
    parts = module.split(".")
    if parts[0] != "raceexplore":
        return parts[0]
    inner = parts[1] if len(parts) > 1 else item
    return inner if inner in ROOMS | GUESTS or len(parts) > 1 else "front"


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its qualified name, the nested ones included."""
    for node in ast.iter_child_nodes(tree):
        inner = f"{prefix}{node.name}." if isinstance(node, Function | ast.ClassDef) else prefix
        if isinstance(node, Function):
            yield inner.removesuffix("."), node
        yield from functions(node, inner)


def depth(node: ast.AST) -> int:
    """Levels of blocks below ``node``: ``elif`` adds none, and a nested function starts anew."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda | ast.ClassDef):
            continue
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and is_elif(node, child)
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not chained))
    return deepest


def is_elif(parent: ast.If, child: ast.If) -> bool:
    return child in parent.orelse and child.col_offset == parent.col_offset


def arrows(source: Source) -> Iterator[Breach]:
    """Rooms import downwards; guests import public names; nobody imports a guest."""
    for line, name in imports(source):
        wrong = wrong_guest_import if source.home in GUESTS else wrong_house_import
        if reason := wrong(source, name):
            yield source.path, f"line {line}: {name.replace(':', '.')}: {reason}"


def wrong_house_import(source: Source, name: str) -> str:
    to = target(name)
    if to in GUESTS:
        return "nothing in the house imports a guest: by_name finds it"
    if not name.startswith("raceexplore") or to == source.home in ROOMS:
        return ""
    if to == "front" and source.home in DOORS:
        return ""  # the front door's names are everybody's
    if to not in FLOORS:
        return f"{to} is no room of the design"
    return "" if FLOORS[to] < FLOORS[source.home] else f"{source.home} may not import from {to}"


def wrong_guest_import(source: Source, name: str) -> str:
    to = target(name)
    module, _, item = name.partition(":")
    story = source.module.split(".")[2:3]
    if to == "models" and story and module.split(".")[:3] == ["raceexplore", "models", *story]:
        return "" if source.home == "models" else "schedulers know no models"
    if to == "front":
        public = set(raceexplore.__all__)
        return "" if not item or item in public else f"{item} is not a public name of raceexplore"
    if to == "toolbox" and source.home == "schedulers":
        offered = set(raceexplore.toolbox.__all__) if module == "raceexplore.toolbox" else set()
        return "" if item in offered else f"{item} is not offered by raceexplore.toolbox"
    foreign = {"trio", "asyncio", *CLIENTS} if source.home == "models" else set()
    if to == "sim" or to in foreign or to in sys.stdlib_module_names:
        return ""
    return f"{source.home} import raceexplore's public names, its toolbox and its sim only"


def rooms_are_known(source: Source) -> Iterator[Breach]:
    if source.home not in FLOORS.keys() | GUESTS:
        yield source.path, f"{source.home}/ is no room of the design: give it a floor in FLOORS"


def guests_stay_in_front(source: Source) -> Iterator[Breach]:
    """A guest does not walk from ``raceexplore`` into a room by its attributes either."""
    if source.home not in GUESTS:
        return
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            continue
        public = {*raceexplore.__all__, "sim", "toolbox"}
        if node.value.id == "raceexplore" and node.attr not in public:
            yield source.path, f"line {node.lineno}: raceexplore.{node.attr} is not public"


def file_length(source: Source) -> Iterator[Breach]:
    """At most 400 lines; 150 for a scheduler, 300 for dpor."""
    most = LINES_MAX
    if source.home == "schedulers":
        most = 300 if source.path == "schedulers/dpor.py" else 150
    lines = len(source.text.splitlines())
    if lines > most:
        yield source.path, f"{lines} lines, at most {most}"


def function_length(source: Source) -> Iterator[Breach]:
    for name, node in functions(source.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > 50:
            yield f"{source.path}::{name}", f"{lines} lines, at most 50"


def function_depth(source: Source) -> Iterator[Breach]:
    for name, node in functions(source.tree):
        if depth(node) > 3:
            yield f"{source.path}::{name}", f"{depth(node)} levels of blocks, at most 3"


def parameters(source: Source) -> Iterator[Breach]:
    """At most 5 positional ones; keyword-only ones are free, self and cls are none."""
    for name, node in functions(source.tree):
        given = [arg.arg for arg in node.args.posonlyargs + node.args.args]
        count = len(given) - (given[:1] in (["self"], ["cls"]))
        if count > 5:
            yield f"{source.path}::{name}", f"{count} positional parameters, at most 5"


def docstrings(source: Source) -> Iterator[Breach]:
    """Modules, and public classes and functions that are not local, say what they are."""
    if not ast.get_docstring(source.tree):
        yield source.path, "the module has no docstring"
    yield from missing_docstrings(source.tree, f"{source.path}::")


def missing_docstrings(scope: ast.AST, prefix: str) -> Iterator[Breach]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield prefix + node.name, "no docstring"
            if isinstance(node, ast.ClassDef):
                yield from missing_docstrings(node, f"{prefix}{node.name}.")
        elif isinstance(node, BLOCKS):
            yield from missing_docstrings(node, prefix)


def one_folder_knows_trio(source: Source) -> Iterator[Breach]:
    if source.path.startswith("src/raceexplore/kernel/trio_loop/"):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\btrio\._(?!_)|from trio import .*\b_", line):
            yield source.path, f"line {number}: trio's internals belong in kernel/trio_loop"


def determinism(source: Source) -> Iterator[Breach]:
    """The kernel, the simulation and the schedulers ask the world, never the machine."""
    if source.home not in {"kernel", "sim", "schedulers"} or source.path.startswith(ASYNCIOS):
        return
    for line, name in imports(source):
        own = source.home == "schedulers" and name == "random:Random"
        if target(name) in CHANCE and not own:
            yield source.path, f"line {line}: {name.replace(':', '.')}: ask the world instead"


def sim_knows_no_runtime(source: Source) -> Iterator[Breach]:
    """What the simulation needs of a runtime, it asks the world for."""
    if source.home != "sim":
        return
    for line, name in imports(source):
        if target(name) in {"trio", "asyncio", "anyio"}:
            yield source.path, f"line {line}: {name.replace(':', '.')}: ask the world instead"


def circles(sources: Iterable[Source]) -> list[list[str]]:
    """Return the files that import one another in a circle, those for types included."""
    modules = {source.module: source for source in sources}
    graph = nx.DiGraph()
    for module, source in modules.items():
        graph.add_edges_from((module, to) for to in imported(source, modules) if to != module)
    return sorted(sorted(c) for c in nx.strongly_connected_components(graph) if len(c) > 1)


def room_circles(sources: Iterable[Source]) -> list[list[str]]:
    """Return the folders that import one another in a circle; the kernel's are one floor."""
    modules = {source.module: source for source in sources}
    graph = nx.DiGraph()
    for source in modules.values():
        for to in imported(source, modules):
            ends = room(source), room(modules[to])
            if ends[0] != ends[1] and "front" not in ends:
                graph.add_edge(*ends)
    return sorted(sorted(c) for c in nx.strongly_connected_components(graph) if len(c) > 1)


def room(source: Source) -> str:
    """Return the folder of a file, in which those that are doors or parts of the kernel are one."""
    folder = source.path.removeprefix("src/raceexplore/").rpartition("/")[0] or source.home
    top = folder.partition("/")[0]
    return top if top in DOORS | {"kernel"} else folder


def imported(source: Source, modules: Collection[str]) -> Iterator[str]:
    """Yield which of ``modules`` a file imports, inside functions too."""
    for _, name in imports(source):
        module, _, item = name.partition(":")
        yield from [to for to in (f"{module}.{item}", module) if to in modules][:1]


def namesakes(sources: Iterable[Source]) -> dict[str, list[str]]:
    """Return the files of each class name that stands more than once.

    The simulated services speak their own domains' words: each is looked at alone.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        parts = source.path.removeprefix("src/raceexplore/").split("/")
        domain = "/".join(parts[:2]) if parts[0] == "sim" else ""
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault((domain, node.name), []).append(source.path)
    return {name: paths for (_, name), paths in found.items() if len(paths) > 1}


RULES: list[Rule] = [
    arrows, rooms_are_known, guests_stay_in_front, function_length, function_depth, parameters,
    docstrings, one_folder_knows_trio, sim_knows_no_runtime, determinism,
]  # fmt: skip
