"""Door: the pytest plugin: tests that are explored, the ``race`` fixture, the --race-* options."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any
from unittest import IsolatedAsyncioTestCase

import pytest

from raceexplore import InvariantBroken
from raceexplore.kernel.errors import BadOption, RaceExploreError
from raceexplore.kernel.program import RUNTIMES, Program
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.kernel.seed import decode
from raceexplore.pytest_plugin.fresh import Fixtures, of_case, with_fixtures
from raceexplore.pytest_plugin.once import pytest_runtest_makereport  # noqa: F401 pytest finds it here
from raceexplore.pytest_plugin.options import add_options, asked_for
from raceexplore.pytest_plugin.race import Race
from raceexplore.pytest_plugin.settings import ARGUMENTS
from raceexplore.pytest_plugin.waiter import pytest_runtestloop  # noqa: F401 the same
from raceexplore.search.as_exception import RunFailed
from raceexplore.search.explore import DEFAULT
from raceexplore.search.programs.standing_tests import visitor
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

MARK = "raceexplore"
RUNNERS = ("trio", "anyio", "asyncio")  # marks by which other plugins claim async tests


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini keys."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark; refuse what the command line or the ini file cannot mean."""
    words = ", ".join((*ARGUMENTS, "needs_choices"))
    config.addinivalue_line("markers", f"{MARK}({words}): explore an async test.")
    try:
        asked = asked_for(config, {})
        if (scheduler := asked["scheduler"]) != DEFAULT:
            by_name(scheduler)
        if text := config.getoption("race_replay"):
            decode(text)
        if asked["budget"] < 1:
            raise BadOption(f"the budget must be at least 1 run, not {asked['budget']}")
    except RaceExploreError as error:
        raise pytest.UsageError(f"raceexplore: {error}") from None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: Any
) -> Generator[None, Any, Any]:
    """Make a `RaceTest` of each marked async test, whatever other plugins would make of it."""
    own = [mark for mark in getattr(obj, "pytestmark", ()) if isinstance(mark, pytest.Mark)]
    named = any(mark.name == MARK for mark in own) or collector.get_closest_marker(MARK)
    wanted = visitor() is not None or collector.config.getoption("race_all")
    marked = named or (wanted and inspect.iscoroutinefunction(obj))
    if not (marked and inspect.isfunction(obj) and collector.istestfunction(obj, name)):
        return (yield)
    if not inspect.iscoroutinefunction(obj):
        if any(mark.name == MARK for mark in own):
            raise collector.CollectError(f"{name}: @pytest.mark.{MARK} is for async def tests")
        return (yield)
    yield
    # anyio's plugin has just asked for a fixture that repeats the test for each of its backends
    obj.pytestmark = own  # type: ignore[attr-defined]
    functions = collector._genfunctions(name, _plain(obj))  # noqa: SLF001 as other plugins do
    return [RaceTest.of(function) for function in functions]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --race, explore methods of unittest, too; with --race-replay, keep the seed's test."""
    if config.getoption("race_all"):
        for item in items:
            if (method := _of_case(item)) is not None:
                explored: Any = functools.partial(_explore_case, item, method)
                item.runtest = explored  # type: ignore[method-assign]
    if not (text := config.getoption("race_replay")):
        return
    program = decode(text).program
    able = [item for item in items if _explores(item)]
    chosen = [i for i in able if i.nodeid == program] or able
    if len(chosen) != 1 and hasattr(config, "workerinput"):
        chosen = []  # xdist takes an error in a worker for a crash
    elif len(chosen) != 1:
        raise pytest.UsageError(
            f"--race-replay: the seed belongs to {program!r}, which is none of the {len(able)}"
            " tests collected that explore; name the test to run it on"
        )
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture
def race(request: pytest.FixtureRequest) -> Race:
    """Explore and replay programs inside a test: ``race.explore(program, budget=500)``."""
    return Race(request.node)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Hand over the test of an `unittest.IsolatedAsyncioTestCase`, if somebody wants tests."""
    visit = visitor()
    program = None if visit is None else _of_case(item)
    if visit is None or program is None:
        return None
    visit(program)
    return True


def _of_case(item: pytest.Item) -> Program | None:
    """Return a method of an `unittest.IsolatedAsyncioTestCase` as a program; None for others."""
    case: Any = getattr(item, "cls", None)
    wanted = isinstance(case, type) and issubclass(case, IsolatedAsyncioTestCase)
    if not wanted or not isinstance(item, pytest.Function):
        return None
    name = item.originalname or item.name
    if not inspect.iscoroutinefunction(getattr(case, name, None)):
        return None
    return Program(of_case(case, name), item.nodeid, source=item.path, runtime="asyncio")


def _explores(item: pytest.Item) -> bool:
    if isinstance(item, RaceTest) or "race" in getattr(item, "fixturenames", ()):
        return True
    return bool(item.config.getoption("race_all")) and _of_case(item) is not None


def _explore_case(item: pytest.Item, program: Program) -> None:
    __tracebackhide__ = True
    Race(item).explore(program)


class RaceTest(pytest.Function):
    """An async test that is run under many schedules.

    To everybody else its function is a plain one and bears no mark of another runner: else that
    runner would run it too.
    """

    @classmethod
    def of(cls, item: pytest.Function) -> RaceTest:
        """Return ``item`` as a race test."""
        callspec = getattr(item, "callspec", None)
        made: RaceTest = cls.from_parent(
            item.parent,
            name=item.name,
            callspec=callspec,
            fixtureinfo=item._fixtureinfo,  # noqa: SLF001 as other plugins do
            keywords={callspec.id: True} if callspec else {},
            originalname=item.originalname,
        )
        return made

    def _getobj(self) -> Any:
        return _plain(super()._getobj())  # type: ignore[no-untyped-call]

    def iter_markers_with_node(self, name: str | None = None) -> Iterator[Any]:
        """Yield the marks, less those of other runners."""
        for node, mark in super().iter_markers_with_node(name):
            if mark.name not in RUNNERS:
                yield node, mark

    def setup(self) -> None:
        """Have the fixtures made, but for those that a run of another plugin's test makes."""
        fixtures = Fixtures(self)
        self._fresh = fixtures if fixtures.has_async or not self._is_ours() else None
        if self._fresh is None:
            super().setup()
        else:
            self._fresh.fill(self._request)

    def _is_ours(self) -> bool:
        """Return whether the test bears the mark: then its imports say what runs it."""
        return self.get_closest_marker(MARK) is not None

    def _runners(self) -> list[str]:
        """Return by which other plugins' marks the test is claimed."""
        return [mark.name for _, mark in super().iter_markers_with_node() if mark.name in RUNNERS]

    def runtest(self) -> None:
        """Explore the test with the fixtures it has been given, the same ones in each run.

        Those of a test that is another plugin's are made anew in each.
        """
        __tracebackhide__ = True
        function = self.obj.__wrapped__
        marks: dict[str, Any] = {}
        for mark in reversed(list(self.iter_markers(MARK))):
            if mark.args:
                raise BadOption(f"the mark {MARK} takes keyword arguments: {', '.join(ARGUMENTS)}")
            marks.update(mark.kwargs)

        if self._fresh is not None:
            Race(self).explore(self._of_another(function, self._fresh), **marks)
            return
        given = {name: self.funcargs[name] for name in self._fixtureinfo.argnames}

        def program(*world: Any) -> Any:
            return function(**given, **({"world": world[0]} if world else {}))

        program.__wrapped__ = function  # type: ignore[attr-defined]
        takes_world = "world" in inspect.signature(function).parameters
        Race(self).explore(Program(program, self.nodeid, takes_world, fixtures=given), **marks)

    def _of_another(self, function: Any, fixtures: Fixtures) -> Program:
        """Return the test, which another plugin would run, as a program."""
        named = [] if self._is_ours() else [n for n in self._runners() if n in RUNTIMES]
        return Program(
            with_fixtures(function, fixtures),
            self.nodeid,
            "world" in inspect.signature(function).parameters,
            fixtures=fixtures.kept,
            runtime=named[0] if named else runtime_of(function),
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what has no line of the user's in its traceback in words."""
        if not isinstance(excinfo.value, (RaceExploreError, RunFailed, InvariantBroken)):
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value")
        for note in getattr(excinfo.value, "__notes__", ()):
            shown.addsection(MARK, note)
        return shown


def _plain(test: Any) -> Any:
    """Return a plain function in the place of an async test; pytest sees no argument ``world``."""

    @functools.wraps(test)
    def plain(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a race test is run by RaceTest.runtest alone")

    signature = inspect.signature(test)
    fixtures = [p for name, p in signature.parameters.items() if name != "world"]
    plain.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
    return plain
