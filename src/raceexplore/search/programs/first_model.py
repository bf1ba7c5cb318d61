"""Write a first model or test for an async function or class: a start, to be filled in."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack  # noqa: F401 its C part wants the real datetime, which an import of a program hides

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.load import import_target
from raceexplore.search.programs.target import Target, find_target

# what a model passes for an argument of a type, the first call and the second
VALUES: dict[object, tuple[str, str]] = {
    int: ("1", "2"),
    float: ("1.0", "2.0"),
    str: ('"a"', '"b"'),
    bytes: ('b"a"', 'b"b"'),
    bool: ("True", "False"),
    list: ("[]", "[]"),
    dict: ("{}", "{}"),
    set: ("set()", "set()"),
    tuple: ("()", "()"),
}
INVARIANT = "# TODO: assert what must hold whatever the order was, e.g. that nothing was sold twice"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the skeleton is about: an async function, or a class with async methods."""

    value: Any
    name: str
    module: str
    folder: str = ""  # to be looked in for the module, if that is not this one

    @property
    def methods(self) -> list[tuple[str, Any]]:
        """The public async methods of a class, in the order of its source; none of a function."""
        if not inspect.isclass(self.value):
            return []
        found = [(k, v) for c in reversed(self.value.__mro__) for k, v in vars(c).items()]
        return [
            (k, v)
            for k, v in dict(found).items()
            if inspect.iscoroutinefunction(v) and not k.startswith("_")
        ]


def skeleton(reference: str, *, test: bool = False) -> str:
    """Return the text of a model of ``pkg.module:name`` or ``path.py:name``; or of a test.

    It runs as it stands if the arguments have plain types; what it cannot know is a TODO.
    Raises `BadProgram` if there is no such async function, or class with async methods.
    """
    subject = _find(reference)
    return _test(subject) if test else _model(subject)


def _find(reference: str) -> Subject:
    place, _, name = reference.rpartition(":")
    if not place or not name.isidentifier():
        raise BadProgram(f"{reference!r} names nothing: write pkg.module:name, or path.py:name")
    target = find_target(place)
    module = import_target(target)
    value = getattr(module, name, None)
    subject = Subject(value, name, target.module or target.path.stem, _folder(target))
    if not (inspect.iscoroutinefunction(value) or subject.methods):
        raise BadProgram(f"{reference} is no async function, and no class with async methods")
    return subject


def _folder(target: Target) -> str:
    """Return the folder that a script has to be looked for in; empty if that is this one."""
    folder, here = target.path.parent, Path.cwd().resolve()
    if target.module or folder == here:
        return ""
    return folder.relative_to(here).as_posix() if folder.is_relative_to(here) else str(folder)


def _model(subject: Subject) -> str:
    world, setup, calls = _calls(subject)
    lines = [
        f'"""A first model of {subject.name}: concurrent calls. Written by `raceexplore new`."""',
        "",
        *_imports(subject, [*setup, *calls], ["import trio"]),
        "",
        "",
        f"async def main({'world' if world else ''}):",
        f'    """Call {subject.name} from tasks at once; raceexplore run explores this."""',
        *(f"    {line}" for line in _body(setup, calls)),
    ]
    return "\n".join(lines) + "\n"


def _test(subject: Subject) -> str:
    world, setup, calls = _calls(subject)
    head = [
        "import trio",
        "from hypothesis import given",
        "from raceexplore.hypothesis import profile, schedules",
    ]
    lines = [
        f'"""A first test of {subject.name} under drawn schedules. By `raceexplore new`."""',
        "",
        *_imports(subject, [*setup, *calls], head),
        "",
        "",
        "# TODO: draw the arguments too: @given(schedule=schedules(), amount=st.integers(1, 9))",
        "@profile()",
        "@given(schedule=schedules())",
        f"def test_{_snake(subject.name)}(schedule):",
        f"    async def program({'world' if world else ''}):",
        *(f"        {line}" for line in _body(setup, calls)),
        "",
        "    schedule.run(program)",
    ]
    return "\n".join(lines) + "\n"


def _imports(subject: Subject, calls: list[str], head: list[str]) -> list[str]:
    partial = ["from functools import partial", ""] if any("partial(" in c for c in calls) else []
    mock = (
        ["from unittest.mock import MagicMock", ""]
        if any("MagicMock()" in c for c in calls)
        else []
    )
    from_there = f"from {subject.module} import {subject.name}"
    if subject.folder:  # before the import, wherever a formatter would like it
        place = f'sys.path.insert(0, "{subject.folder}")'
        return [*partial, *mock, "import sys", "", *head, "", place, f"{from_there}  # noqa: E402"]
    return [*partial, *mock, *head, "", from_there]


def _body(setup: list[str], calls: list[str]) -> list[str]:
    tasks = [f"    nursery.start_soon({call})" for call in calls]
    return [*setup, "async with trio.open_nursery() as nursery:", *tasks, INVARIANT]


def _calls(subject: Subject) -> tuple[bool, list[str], list[str]]:
    """Return whether the world is needed, the lines before, and the calls of the tasks."""
    methods = subject.methods
    if not methods:
        calls = [_call(subject.name, subject.value, turn) for turn in (0, 1)]
        shared = ["# TODO: make here what the calls share, if anything"]
        return any("world" in call for call in calls), shared, calls
    owner = _snake(subject.name)
    made = ", ".join(_arguments(subject.value.__init__, 0, skip=1))
    twice = [*methods, methods[0]]
    calls = [
        _call(f"{owner}.{name}", method, turn // len(methods), skip=1)
        for turn, (name, method) in enumerate(twice)
    ]
    world = any("world" in text for text in (made, *calls))
    return world, [f"{owner} = {subject.name}({made})"], calls


def _call(name: str, function: Any, turn: int, skip: int = 0) -> str:
    arguments = _arguments(function, turn, skip)
    if any("=" in argument for argument in arguments):
        return f"partial({', '.join([name, *arguments])})"
    return ", ".join([name, *arguments])


def _arguments(function: Any, turn: int, skip: int = 0) -> list[str]:
    """Return the needed arguments as source text; skip: how many come first that Python fills."""
    if function is object.__init__:
        return []
    signature = inspect.signature(function)
    given = []
    for parameter in list(signature.parameters.values())[skip:]:
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variadic or (parameter.default is not parameter.empty and parameter.name != "world"):
            continue
        value = _value(parameter, turn)
        keyword = parameter.kind is parameter.KEYWORD_ONLY
        given.append(f"{parameter.name}={value}" if keyword else value)
    return given


def _value(parameter: inspect.Parameter, turn: int) -> str:
    if parameter.name == "world":
        return "world"
    kind = parameter.annotation
    names = {known.__name__: known for known in VALUES if isinstance(known, type)}
    if isinstance(kind, str):  # from __future__ import annotations
        kind = names.get(kind.partition("[")[0].strip(), kind)
    kind = getattr(kind, "__origin__", kind)
    # of the user's own types nothing is known: what stands in for one answers every call
    return VALUES[kind][turn] if kind in VALUES else "MagicMock()"


def _snake(name: str) -> str:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return words.lstrip("_")
