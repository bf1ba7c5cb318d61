"""Door: the pytest plugin: tests that are explored, the ``race`` fixture, the --race-* options."""

from __future__ import annotations

import functools
import inspect
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from raceexplore import InvariantBroken, __version__
from raceexplore.kernel.errors import BadOption, Inconclusive, RaceExploreError
from raceexplore.kernel.program import Limits, Program, as_program
from raceexplore.kernel.seed import decode
from raceexplore.pytest_plugin.once import pytest_runtest_makereport  # noqa: F401 pytest finds it here
from raceexplore.pytest_plugin.settings import ARGUMENTS, BUDGET, settled
from raceexplore.search.as_exception import RunFailed, error_of
from raceexplore.search.campaign.found import Campaign, Found
from raceexplore.search.corpus.entry import entries_of, entry_of, save
from raceexplore.search.corpus.replay import Replayed, replay, replay_entry, replay_seed
from raceexplore.search.explore import DEFAULT, explore
from raceexplore.search.programs.silence import silence
from raceexplore.search.why.why import explained
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from raceexplore.kernel.outcome import Run

MARK = "raceexplore"
RUNNERS = ("trio", "anyio", "asyncio")  # marks by which other plugins claim async tests
NO_FAILURES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)
# name: (type, metavar, help): command line options, ini keys and, less the last, arguments
OPTIONS: dict[str, tuple[type, str, str]] = {
    "budget": (int, "N", f"Schedules to explore per test (default {BUDGET:,})."),
    "entropy": (int, "N", "The number every random draw follows (default 0)."),
    "scheduler": (str, "NAME", "What chooses, for example pct:depth=3."),
    "time": (str, "strict|elastic", "May a deadline fire while tasks can run?"),
    "order": (str, "any|passes", "Which orders: any, or those of trio's own loop."),
    "jobs": (str, "N|auto", "Processes that share the runs of a test (default 1)."),
    "corpus": (str, "DIR", "Where failures are kept, and replayed from first (default corpus)."),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini keys."""
    group = parser.getgroup("raceexplore", "raceexplore: schedules of trio programs")
    for name, (kind, metavar, text) in OPTIONS.items():
        group.addoption(f"--race-{name}", type=kind, default=None, metavar=metavar, help=text)
        parser.addini(f"race_{name}", text, default="")
    group.addoption(
        "--race-no-corpus", action="store_true", help="Neither keep nor replay failures."
    )
    parser.addini("race_no_corpus", "Neither keep nor replay failures.", "bool", default=False)
    group.addoption("--race-replay", metavar="SEED", help="Run one test on the schedule of SEED.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark; refuse what the command line or the ini file cannot mean."""
    config.addinivalue_line("markers", f"{MARK}({', '.join(ARGUMENTS)}): explore an async test.")
    try:
        asked = _settled(config, {})
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
    marked = any(mark.name == MARK for mark in own) or collector.get_closest_marker(MARK)
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
    """With --race-replay, keep the one test that the seed belongs to."""
    if not (text := config.getoption("race_replay")):
        return
    program = decode(text).program
    able = [i for i in items if isinstance(i, RaceTest) or "race" in getattr(i, "fixturenames", ())]
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

    def runtest(self) -> None:
        """Explore the test with the fixtures it has been given, the same ones in each run."""
        __tracebackhide__ = True
        function = self.obj.__wrapped__
        given = {name: self.funcargs[name] for name in self._fixtureinfo.argnames}
        marks: dict[str, Any] = {}
        for mark in reversed(list(self.iter_markers(MARK))):
            if mark.args:
                raise BadOption(f"the mark {MARK} takes keyword arguments: {', '.join(ARGUMENTS)}")
            marks.update(mark.kwargs)

        def program(*world: Any) -> Any:
            return function(**given, **({"world": world[0]} if world else {}))

        takes_world = "world" in inspect.signature(function).parameters
        Race(self).explore(Program(program, self.nodeid, takes_world), **marks)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what has no line of the user's in its traceback in words."""
        if not isinstance(excinfo.value, (RaceExploreError, RunFailed, InvariantBroken)):
            return super().repr_failure(excinfo)
        shown = excinfo.getrepr(style="value")
        for note in getattr(excinfo.value, "__notes__", ()):
            shown.addsection(MARK, note)
        return shown


class Race:
    """What the ``race`` fixture is."""

    def __init__(self, item: pytest.Item) -> None:
        self._item, self._config = item, item.config

    def explore(self, program: Program | Callable[..., Any], **options: Any) -> Campaign | None:
        """Explore ``program``; raise its own exception, with the report as a note, if it can fail.

        options: budget, entropy, scheduler, time, order, steps, virtual_s, wall_s, time_limit_s;
        those of the command line go first. Failures that the corpus knows of this test are
        replayed before. With --race-replay the program runs on that seed only, and None is
        returned. Raises `Inconclusive` if the runs say nothing.
        """
        __tracebackhide__ = True
        asked = _settled(self._config, options)
        if hasattr(self._config, "workerinput"):
            asked["jobs"] = 1  # pytest-xdist shares the tests; its threads forbid to fork
        program = replace(as_program(program), name=self._item.nodeid, source=self._item.path)
        if text := self._config.getoption("race_replay"):
            self.replay(program, text, limits=asked["limits"])
            return None
        self._replay_corpus(program, asked["limits"])
        with silence():
            campaign = explore(program, **asked)
        self._tell("schedules", campaign.runs)
        if campaign.stopped == "interrupted":
            raise KeyboardInterrupt
        if campaign.failures:
            found = campaign.failures[0]
            again = replay(program, found.run.seed, limits=asked["limits"])
            self._fail(again if again.failure else found.run, found)
        if why := campaign.inconclusive:
            self._tell("verdict", "inconclusive")
            raise Inconclusive(f"neither passed nor failed: {'; '.join([why, *campaign.warnings])}")
        if campaign.cut:
            self._item.warn(pytest.PytestWarning("; ".join(campaign.warnings)))
        self._tell("verdict", "passed")
        return campaign

    def replay(
        self,
        program: Program | Callable[..., Any],
        seed: str,
        *,
        limits: Limits = Limits(),  # noqa: B008 a frozen value
    ) -> Run:
        """Run ``program`` on the schedule of ``seed``; return the run, or raise its failure."""
        __tracebackhide__ = True
        replayed = replay_seed(seed, as_program(program), limits=limits)
        if replayed.run.failure is not None:
            self._fail(replayed.run, explained(replayed, limits))
        self._tell("verdict", "passed")
        return replayed.run

    def _replay_corpus(self, program: Program, limits: Limits) -> None:
        """Replay what earlier sessions found in this test; raise the first that still fails."""
        __tracebackhide__ = True
        folder = _corpus(self._config)
        for path, entry in entries_of(program.name, folder) if folder else ():
            limits = replace(limits, steps=max(limits.steps, entry.max_steps))
            run = replay_entry(entry, program, limits=limits, aloud=False).run
            if run.failure is not None:
                again = replay_seed(run.seed, program, limits=limits)
                self._fail(again.run, explained(again, limits), path)

    def _fail(self, run: Run, known: Found | Replayed, kept: Path | None = None) -> None:
        """Raise the failure of ``run`` with the report as its note; kept: its file, if it has one.

        What a campaign has found is saved now.
        """
        __tracebackhide__ = True
        from raceexplore.report.terminal.text import failure_report

        error = error_of(run)
        if isinstance(error, NO_FAILURES):
            raise error
        self._tell("verdict", "failed")
        self._tell("seed", run.seed)
        lines = [line.plain for line in failure_report(run, 100, known)]
        lines += ["", f"replay  pytest {shlex.quote(self._item.nodeid)} --race-replay={run.seed}"]
        if kept:
            lines.append(f"known   {kept}")
        elif isinstance(known, Found) and (folder := _corpus(self._config)):
            lines.append(f"saved   {save(entry_of(known, __version__), folder)[0]}")
        error.add_note("\n".join(lines))
        raise error

    def _tell(self, name: str, value: object) -> None:
        """Add a property to the JUnit report."""
        self._item.user_properties.append((f"raceexplore.{name}", str(value)))


def _plain(test: Any) -> Any:
    """Return a plain function in the place of an async test; pytest sees no argument ``world``."""

    @functools.wraps(test)
    def plain(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a race test is run by RaceTest.runtest alone")

    signature = inspect.signature(test)
    fixtures = [p for name, p in signature.parameters.items() if name != "world"]
    plain.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
    return plain


def _settled(config: pytest.Config, own: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments for `explore`; ``own``: what the test says."""
    names = [name for name in OPTIONS if name in ARGUMENTS]
    line = {name: config.getoption(f"race_{name}") for name in names}
    return settled(line, own, {name: config.getini(f"race_{name}") for name in names})


def _corpus(config: pytest.Config) -> Path | None:
    """Return the folder of the corpus; None if there is to be none."""
    if config.getoption("race_no_corpus") or config.getini("race_no_corpus"):
        return None
    asked: str = config.getoption("race_corpus") or config.getini("race_corpus") or "corpus"
    return config.rootpath / asked
