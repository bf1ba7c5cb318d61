"""Run a text as the program under test, as it is or rewritten; tell what it did and touched."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import trio

from raceexplore.observe.effects.by_class_of_object import effects
from raceexplore.observe.effects.stored_names import Stores, everything
from raceexplore.observe.hooks.hook import attach
from raceexplore.observe.hooks.injected import INJECTED
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.rewrite.statements import compile_observed
from raceexplore.observe.rewrite.stores import know_stores

Touched = list[str]


@pytest.fixture(autouse=True)
def detached() -> Iterator[None]:
    know_stores(Stores())
    effects.clear()
    yield
    attach(None)
    know_stores(everything)


def load(source: str) -> ModuleType:
    """Return a module made of rewritten source."""
    module = ModuleType("program")
    vars(module).update(INJECTED, __rx_module__=module)
    exec(compile_observed(textwrap.dedent(source), "program.py"), vars(module))
    return module


def told(ledger: Ledger) -> Touched:
    """Return what others can see of the accesses of one event, in words."""
    taken = ledger.take()
    written = {a.resource for a in taken if a.write}
    effects = [a for a in taken if a.write or a.resource not in written]
    return [f"{'w' if a.write else 'r'} {a.label}" for a in effects]


class Steps(trio.abc.Instrument):
    """The accesses of each step of tasks that touched something."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.events: list[Touched] = []

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        touched = told(self.ledger)
        if touched:
            self.events.append(touched)


@pytest.fixture
def touched() -> Callable[..., Any]:
    """Call ``f`` of a source with arguments; return its accesses (of each event, if async)."""

    def run(source: str, *arguments: object, **options: bool) -> Any:
        module = load(source)
        ledger = Ledger(values=True, **options)
        attach(ledger)
        if not inspect.iscoroutinefunction(module.f):
            module.f(*arguments)
            return told(ledger)
        steps = Steps(ledger)
        trio.run(module.f, *arguments, instruments=[steps])
        return steps.events

    return run


def behaviour(source: str, *, rewritten: bool) -> str:
    """Return all that a program shows: its result or error, the lines of it, what it logged."""
    module = ModuleType("program")
    module.__file__ = "program.py"
    if rewritten:
        vars(module).update(INJECTED, __rx_module__=module)
        code = compile_observed(source, "program.py")
    else:
        code = compile(source, "program.py", "exec", dont_inherit=True)
    before, sys.modules["program"] = sys.modules.get("program"), module
    shown: tuple[object, ...]
    try:
        exec(code, vars(module))
        shown = (repr(vars(module).get("result")),)
    except Exception as error:  # noqa: BLE001 whatever a program raises is what it shows
        shown = (type(error), str(error), places(error))
    finally:
        del sys.modules["program"]
        assert before is None
    text = repr((*shown, vars(module).get("logged")))
    return re.sub(r" at 0x\w+", "", text)


def places(error: BaseException) -> list[tuple[str, int]]:
    """Return function and line of each frame below this file's."""
    found, traceback = [], error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append((code.co_name, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found[1:]


@pytest.fixture
def shows() -> Callable[..., str]:
    """Return what a source shows when it is run: ``shows(source, rewritten=True)``."""
    return behaviour


@pytest.fixture
def same() -> Callable[[str, str], None]:
    """Check that a source shows the same when it is rewritten, in one of the modes."""

    def check(source: str, mode: str) -> None:
        plain = behaviour(source, rewritten=False)
        attach(None if mode == "detached" else Ledger(values=mode == "with values"))
        assert behaviour(source, rewritten=True) == plain

    return check
