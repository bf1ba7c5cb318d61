"""The recorder: turns what the run loop does into events."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.events.brief import brief
from raceexplore.kernel.events.cancels import Cancels, Sightings
from raceexplore.kernel.events.causes import Causes, Course, Step
from raceexplore.kernel.events.footprint import NO_LOCKS, QUEUE, Accesses, Locks
from raceexplore.kernel.events.trace import NOT_OBSERVED, NOWHERE, Access, Event, Site, Stop
from raceexplore.kernel.standing.walk import (
    begin_of,
    cells_of,
    code_of,
    is_user_file,
    primitive_of,
    stand_of,
    unseen_in,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import FrameType

    from raceexplore.kernel.names import TaskInfo

made = tuple.__new__  # a NamedTuple's own costs three times as much


class Ledger(Protocol):
    """Collects the accesses of the event that is running; the room observe/ has one.

    blind: the program is not rewritten, so that events which declare nothing are opaque.
    """

    blind: bool

    def look(self, scopes: Iterable[object]) -> None:
        """Note that the event has looked at each of ``scopes``."""
        ...

    def write(self, obj: object, key: object) -> None:
        """Note that the event has written ``key`` of ``obj`` (``...``: all of it)."""
        ...

    def opaque(self, what: str) -> None:
        """Note that the event has done what nobody observes: ``what``, e.g. a function's name."""
        ...

    def begin(self, primitive: object, name: str) -> None:
        """Note that a task begins whose body is the method ``name`` of something of trio's."""
        ...

    def begun(self, coroutine: object) -> None:
        """Note that the event is the first of ``coroutine``, which nobody else can await now."""
        ...

    def spawned(self, coroutine: object) -> None:
        """Note that ``coroutine`` becomes a task's: others may have got hold of it before."""
        ...

    def call(self, function: Any, args: Sequence[Any]) -> None:
        """Note that the event calls ``function``, which another one has posted."""
        ...

    def forget(self) -> None:
        """Forget what has been noted since the last event."""
        ...

    def introduce(self, values: Iterable[object]) -> None:
        """Name all that can be reached from ``values``: other tasks are about to reach it."""
        ...

    def close(self, task: str, nth: int) -> tuple[Accesses, str]:
        """Return the accesses of the ``nth`` event of ``task``, and why it is opaque, if it is."""
        ...

    def sees(self, frame: FrameType) -> bool:
        """Return whether the code of ``frame`` is observed."""
        ...

    @property
    def scopes(self) -> Sightings:
        """Where cancel scopes were opened and cancelled, as far as that is known."""
        ...

    def settle(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events of the run that has ended, with one name for each object."""
        ...


class Recorder:
    """Collects the events of one run."""

    def __init__(
        self,
        ledger: Ledger | None = None,
        cancelled: Callable[[Iterable[Any]], list[Any]] = list,
    ) -> None:
        self.events: list[Event] = []
        self.ledger = ledger
        self._sees = None if ledger is None else ledger.sees
        self._draws: list[tuple[str, int, str]] = []
        self._choices: list[tuple[str, int]] = []
        self._notes: list[str] = []
        self._declared: list[Access] | None = None
        self.used: dict[tuple[str, object], Access] = {}  # of simulated services
        self._batch: set[Any] = set()
        self.passes, self.cancels, self.causes = True, Cancels(), Causes()
        self.hands_over = True  # as trio's, a lock that is given back belongs to the next at once
        self._courses = self.causes.courses
        self._cancelled, self._any_cancelled = cancelled, False  # returns those of some scopes
        self._known: dict[Any, None] = {}  # scopes, in the order of entering
        self._alive: dict[Any, None] = {}  # of these, not cancelled yet

    def settled(self) -> Sequence[Event]:
        """Return the events of the run that has ended."""
        return self.events if self.ledger is None else self.ledger.settle(self.events)

    def draw(self, label: str, index: int, value: object, *, counts: bool) -> None:
        """Note a draw of the running event; ``counts``: it names the trace class."""
        self._draws.append((label, index, brief(value)))
        if counts:
            self._choices.append((label, index))

    def starts(self, task: Any, function: Callable[..., object]) -> None:
        """Note that the own code of ``task``, which is new, is ``function``: ours only calls it."""
        code = code_of(function)
        own = NOWHERE if code is None or not is_user_file(code.co_filename) else begin_of(code)
        self._courses.setdefault(task, Course()).start = own

    def redraw(self, value: object) -> None:
        """Let the last draw have given ``value``."""
        self._draws[-1] = *self._draws[-1][:2], brief(value)

    def note(self, text: str) -> None:
        """Note a line of `World.event`."""
        self._notes.append(text)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Forget at the end of the block what was noted in it, which lies between two events."""
        used, notes = dict(self.used), len(self._notes)
        try:
            yield
        finally:
            self.used.clear()
            self.used.update(used)
            del self._notes[notes:]
            if self.ledger is not None:
                self.ledger.forget()

    def declare(self, resources: Sequence[object], *, write: bool) -> None:
        """Note what the running event says it uses."""
        self._declared = self._declared or []
        names = [str(resource) for resource in resources]
        self._declared += [Access((f"declared {name}", ...), write, name) for name in names]

    def event(self, step: Step, info: TaskInfo) -> Event:
        """Note the end of the event ``step`` of the task that ``info`` names, and return it."""
        task, path, coroutine = step.task, info.path, step.task.coro
        end, unseen = stand_of(coroutine, self._sees)
        course = self._courses.get(task) or self._courses.setdefault(task, Course())
        begin = course.stand
        if begin is None:
            begin = course.start or begin_of(coroutine.cr_code)
        course.stand = info.stand = end
        number, inside = len(self.events), course.scopes
        accesses, opaque, locks = self._touched(step, path, begin, course)
        self.used.clear()
        # what nobody observes ran at its beginning, or runs where it has stopped, or in between
        opaque = opaque or course.unseen or unseen
        course.unseen = unseen
        declared = self._declared is not None
        interrupted = self._is_interrupted(step, begin, inside)
        event = made(
            Event,
            (
                number,
                path,
                step.nth,
                begin,
                end if end.file else NOWHERE,
                step.now_s,
                self._paths(step) if step.woken else (),
                tuple(self._draws),
                tuple(self._notes),
                accesses,
                declared,
                step.ready,
                step.error,
                interrupted,
                "" if declared else opaque,
                self.causes.of(step, number, end, locks),
                tuple(self._choices),
            ),
        )
        if self._draws:
            self._draws.clear()
            self._choices.clear()
        if self._notes:
            self._notes.clear()
        self._declared = None
        self.events.append(event)
        return event

    def _is_interrupted(self, step: Step, begin: Site, inside: Sequence[Any]) -> bool:
        """Return whether the event began with a Cancelled that reached the program's code."""
        if step.interrupted is None or not _begins_cancelled(step, begin):
            return False
        slept = step.interrupted if begin.stop is Stop.SLEEP else None
        scopes = [scope for scope in inside if scope is not slept]
        self.cancels.delivered(scopes, len(self.events))
        return True

    def _paths(self, step: Step) -> tuple[str, ...]:
        """Return the paths of the program's tasks that the event has woken."""
        found = []
        for task in step.woken:
            info = step.infos[task]
            path = info.path
            if self._is_new(task):
                info.stand = path
            if info.serial:
                found.append(path)
        return tuple(sorted(found)) if len(found) > 1 else tuple(found)

    def _is_new(self, task: Any) -> bool:
        """Return whether ``task`` has had no event so far."""
        course = self._courses.get(task)
        return course is None or course.stand is None

    def _touched(
        self, step: Step, path: str, begin: Site, course: Course
    ) -> tuple[tuple[Access, ...], str, Locks]:
        """Return what the event touched, what of it was not observed, and the locks in it."""
        ledger = self.ledger
        if ledger is None:
            return (*(self._declared or ()), *self.used.values()), NOT_OBSERVED, NO_LOCKS
        self._look_at_scopes(ledger, step, path, course)
        cancelled = self._newly_cancelled()
        self.cancels.note(cancelled, len(self.events), deadline=False)
        for scope in cancelled:
            ledger.write(scope, ...)
        self._look_at_bodies(ledger, step, course)
        accesses, opaque = ledger.close(path, step.nth)
        if self.used:
            accesses = Accesses(accesses + tuple(self.used.values()))
        if not self.hands_over:
            declared = self._declared
            return (
                (accesses, NOT_OBSERVED if ledger.blind else opaque, NO_LOCKS)
                if declared is None
                else ((*declared, *accesses.locks.scopes), "", NO_LOCKS)
            )
        accesses = self._locked(step, begin, course, accesses)
        if cancelled:
            accesses = Accesses(accesses + self._taken_from_queues(step, cancelled))
        # a lock that was had at once might have had to be waited for: its release commutes
        locks = accesses.locks
        stays = not step.ready or _waits_for_condition(course)
        course.queues = locks.queues if stays else locks.requests
        if self._declared is not None:
            return (*self._declared, *locks.scopes), "", NO_LOCKS
        if locks.asked and self._any_cancelled and self._is_cancelled(step):
            locks = locks._replace(asked=())
        return accesses, NOT_OBSERVED if ledger.blind else opaque, locks

    def _look_at_bodies(self, ledger: Ledger, step: Step, course: Course) -> None:
        """Note what the task begins with, if that is of trio's, and the tasks that it spawned."""
        if course.last < 0:
            ledger.begun(step.task.coro)
        if course.body is not None:
            ledger.begin(*course.body)
            course.body = None
        for child in step.woken:
            if self._is_new(child) and not ledger.blind:
                self._spawned(ledger, child)

    def _spawned(self, ledger: Ledger, child: Any) -> None:
        """Name what a new task is given, and look at its body: it may be nobody's observed code."""
        frame = child.coro.cr_frame
        if frame is None:
            return
        ledger.spawned(child.coro)
        ledger.introduce((*frame.f_locals.values(), *cells_of(child.coro), *variables_of(child)))
        course = self._courses.get(child)
        if course is None:
            course = self._courses[child] = Course()
        course.body = primitive_of(frame)
        course.unseen = unseen_in(frame, ledger.sees)

    def _look_at_scopes(self, ledger: Ledger, step: Step, path: str, course: Course) -> None:
        """Note that every event looks whether its task is cancelled."""
        scopes = step.scopes
        if scopes != course.scopes:
            before, course.scopes = course.scopes, scopes
            for scope in before:
                if scope.cancelled_caught and scope not in scopes:
                    ledger.write(scope, ...)  # it has caught just now, which others may ask for
            scopes = (
                list(dict.fromkeys((*before, *scopes))) if scopes and before else scopes or before
            )
        for scope in scopes:
            if scope not in self._known:
                self._known[scope] = self._alive[scope] = None
                ledger.introduce((scope,))
        ledger.look(scopes)
        around = step.task.parent_nursery.cancel_scope
        if path.startswith("trio/"):
            ledger.look((around,))  # a system task: what it does depends on whether main has ended
        elif step.error or (step.task.coro.cr_frame is None and path == "main"):
            ledger.write(around, ...)  # a crash cancels it, and the order of crashes can be seen

    def _taken_from_queues(self, step: Step, cancelled: list[Any]) -> tuple[Access, ...]:
        """Return that the event, which cancels, takes tasks out of their queues.

        Also those that have just been let out but have not gone on: it came too late for them.
        """
        waiting = [
            course
            for course in self.causes.begun()
            if any(scope is inside for scope in cancelled for inside in course.scopes)
        ]
        woken = [self._courses.get(task) for task in step.woken]
        for course in waiting:
            if course in woken:
                self.causes.cancelled(course)
        queued = [access for course in waiting for access in course.queues]
        # it was another task that had asked, on a line of its own
        return tuple(
            [a._replace(resource=(a.resource[0], ...), write=True, line="") for a in queued]
        )

    def _locked(self, step: Step, begin: Site, course: Course, accesses: Accesses) -> Accesses:
        """Return ``accesses``, and what trio itself does to locks in the event."""
        again = False
        if begin.stop is Stop.CONDITION:
            again = course.cut_short or course.was_interrupted() or step.interrupted is not None
            if again:
                accesses = Accesses(accesses + self._asked_again(course))
        course.cut_short = step.ready and not again and _waits_for_condition(course)
        if accesses.locks.queues:
            course.hold(accesses.locks.queues)
        if course.held and step.task.coro.cr_frame is None:
            accesses = Accesses(accesses + course.broken())
        return accesses

    def _asked_again(self, course: Course) -> tuple[Access, ...]:
        """Return that a cancelled wait for a condition asks for its lock again."""
        queued = course.queues
        return tuple([a._replace(resource=(a.resource[0], QUEUE), write=True) for a in queued])

    def _is_cancelled(self, step: Step) -> bool:
        """Return whether the task would get a Cancelled where it stands."""
        for scope in step.scopes:
            if self._cancelled((scope,)):
                return True
            if scope.shield:
                break
        return False

    def _newly_cancelled(self) -> list[Any]:
        found = self._cancelled(self._alive)
        for scope in found:
            del self._alive[scope]
            self._any_cancelled = True
        return found

    def clock_fired(self) -> None:
        """Note that time has passed; what the clock has cancelled is no task's doing."""
        self.causes.clock_fired()
        self.cancels.note(self._newly_cancelled(), len(self.events), deadline=True)

    def follow_pass(self, task: Any, ready: Callable[[Any], Sequence[Any]]) -> None:
        """Note whether trio's loop, which steps every ready task once a pass, allows ``task``.

        ready: returns the tasks that are ready once ``task`` has done its event, itself included.
        """
        batch = self._batch
        if batch and task not in batch:
            self.passes = False
        batch.discard(task)
        if not batch:
            batch.update(ready(task))


def _waits_for_condition(course: Course) -> bool:
    """Return whether the task has stopped in a wait for a condition, be it cancelled already."""
    return course.stand is not None and course.stand.stop is Stop.CONDITION


def _begins_cancelled(step: Step, begin: Site) -> bool:
    """Return whether the event began with a `Cancelled` that reached the program's code."""
    scope = step.interrupted
    # trio wakes a sleeper by cancelling a scope of its own, inside of `trio.sleep`
    return scope is not None and not (begin.stop is Stop.SLEEP and scope.cancelled_caught)
