"""What made an event possible: who spawned or woke its task, and what it waited to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.events.footprint import FREE, WHOLE
from raceexplore.kernel.events.trace import Kind, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.events.footprint import Locks
    from raceexplore.kernel.events.trace import Access, Site
    from raceexplore.kernel.names import TaskInfo


class Step(NamedTuple):
    """One event, as the run loop hands it over.

    woken: tasks that it made ready. ready: the task itself could go on. error: the type of the
    exception that ended the task, or empty. interrupted: if the event began with `trio.Cancelled`,
    the innermost scope around the await that raised it. scopes: the cancel scopes that the task is
    in at the end of the event.
    """

    task: Any
    nth: int
    woken: Sequence[Any]
    now_s: float
    infos: Mapping[Any, TaskInfo]
    ready: bool = False
    error: str = ""
    interrupted: Any = None
    scopes: Sequence[Any] = ()


class Course:
    """What is known of one task between two of its events.

    stand: where it is; None before its first event. scopes: that it is in. queues: what it may wait
    for. causes: the events that have woken it. asked: the locks it wants. joining: the nursery
    whose tasks it waits for. waiting: it cannot go on and was not woken so far. by_clock: it was
    waiting when the clock last fired. interrupted: it was cancelled while it waited. last: the
    number of its last event. unseen: what runs where it stands that nobody observes, or empty.
    start: where its own code begins, if a function of ours starts that.
    body: the object of trio's, and its method, that is the body of the task, which is new.
    cut_short: it was cancelled before its wait for a condition began, so that it does not stop
    there. held: the last access to each lock that it may have.
    """

    __slots__ = (
        "asked", "body", "by_clock", "causes", "cut_short", "held", "interrupted", "joining",
        "last", "queues", "scopes", "stand", "start", "unseen", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.stand: Site | None = None
        self.start: Site | None = None
        self.scopes: Sequence[Any] = ()
        self.queues: tuple[Access, ...] = ()
        self.causes: list[int] = []
        self.asked: Sequence[object] = ()
        self.joining: Any = None
        self.waiting = self.by_clock = self.interrupted = self.cut_short = False
        self.held: dict[object, Access] = {}
        self.last = -1
        self.unseen = ""
        self.body: tuple[object, str] | None = None

    def was_interrupted(self) -> bool:
        """Return whether the task goes on because it was cancelled while it waited."""
        return self.interrupted or self.by_clock

    def hold(self, queues: Sequence[Access]) -> None:
        """Note which locks the task may have after an event that did this to what is waited for."""
        for access in queues:
            lock, part = access.resource
            if part == FREE:
                self.held.pop(lock, None)
            elif access.write and access.kind is Kind.LOCK:
                self.held[lock] = access

    def broken(self) -> tuple[Access, ...]:
        """Return that the task ends, which breaks the locks that it has."""
        return tuple([a._replace(resource=(lock, WHOLE), line="") for lock, a in self.held.items()])


class Causes:
    """Keeps who woke whom until the woken task has its next event."""

    def __init__(self) -> None:
        self.courses: dict[Any, Course] = {}
        self._exits: dict[Any, list[int]] = {}
        self._before_clock: list[int] = []
        self._released: dict[object, int] = {}
        self._line: int | None = None

    def begun(self) -> list[Course]:
        """Return the courses of the tasks that have had an event."""
        return [course for course in self.courses.values() if course.stand is not None]

    def clock_fired(self) -> None:
        """Note that the clock fires: what it wakes comes after everything that was before."""
        self._before_clock = []
        for course in self.begun():
            self._before_clock.append(course.last)
            course.by_clock = course.waiting

    def next_in_line(self, task: Any, number: int) -> None:
        """Note that the event ``number``, the only one of ``task``, comes after the one before it.

        Callbacks that belong to no task are in one line.
        """
        course = self.courses.setdefault(task, Course())
        if self._line is not None:
            course.causes.append(self._line)
        self._line = number

    def timed(self, tasks: Sequence[Any]) -> None:
        """Note that the clock lets ``tasks`` begin: they come after everything that was before."""
        for task in tasks:
            course = self.courses[task] = Course()
            course.causes += self._before_clock

    def of(self, step: Step, number: int, end: Site, locks: Locks) -> tuple[int, ...]:
        """Return the numbers of the events that made event ``number`` possible.

        A task that the clock woke comes after everything: the clock fires once nobody can run.
        One that asked for a lock comes after its last release, whether it had to wait or not.
        ``end`` is where the event has ended; ``locks`` are what it touched.
        """
        task = step.task
        course = self.courses[task]
        causes = course.causes
        if causes:
            course.causes = []
        elif course.by_clock and course.joining is None:
            causes = self._before_clock
        if course.joining is not None:
            causes = [*causes, *self._exits.get(course.joining, ())]
            course.joining = None
        if course.asked and step.interrupted is None:  # else it did not get them
            releases = [self._released.get(lock) for lock in course.asked]
            causes = [*causes, *[event for event in releases if event is not None]]
        for lock in locks.released:
            self._released[lock] = number
        course.asked, course.last, course.waiting = locks.asked, number, not step.ready
        course.by_clock = course.interrupted = False
        for woken in step.woken:
            self._wake(woken, number)
        if task.coro.cr_frame is None:
            self._exits.setdefault(task.parent_nursery, []).append(number)
        elif end.stop is Stop.JOIN and task.child_nurseries:
            course.joining = task.child_nurseries[-1]
        return tuple(sorted(set(causes))) if len(causes) > 1 else tuple(causes)

    def cancelled(self, course: Course) -> None:
        """Note that a task was cancelled: it does not get the locks it asked for."""
        course.asked, course.interrupted = (), True

    def _wake(self, task: Any, number: int) -> None:
        course = self.courses.get(task)
        if course is None:
            course = self.courses[task] = Course()
        course.waiting = False
        course.causes.append(number)
