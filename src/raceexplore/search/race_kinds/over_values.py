"""Races over values: the patterns that have a name, looked for in a failing run.

Each but the dirty read starts from a *stale* read (see stale.py): a task read a location, others
wrote it, and the task goes on without having looked again, while nothing made the write fall in
between. It counts only if what the task then wrote may have flowed into the failure (see slice.py),
or if the event that fails sees both the old and the new. Of several, the one nearest to the failure
is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.search.race_kinds.case import Race, point
from raceexplore.search.race_kinds.stale import is_plain, is_same, overwrites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.race_kinds.accesses import Touch
    from raceexplore.search.race_kinds.case import Case
    from raceexplore.search.race_kinds.stale import Stale


def aba(case: Case) -> Race | None:
    """Return the last ABA: what a task compares is what it was, and yet all has changed.

    A task read x and y, others changed x and changed it back, and y, too; the task looks at x
    again, finds what it had read, and writes. (Michael, "Hazard pointers", 2004, section 2.2.)
    """
    for one in case.stale:
        looks = [t for t in _mine(case, one) if not t.access.write and is_same(t, one.read)]
        away = [t for t in overwrites(case.history, one.read, one.at) if not is_same(t, one.read)]
        acts = [act for act in _acts(case, one) if looks and looks[0].place < act.place]
        if not (one.restored and away and acts):
            continue
        for other in case.stale:
            if (other.at, other.read.task) != (one.at, one.read.task) or other.restored:
                continue
            if one.read.event <= other.read.event:
                told = one.read, away[0], one.write, looks[0], acts[0], other.read, other.write
                return Race("ABA", tuple(point(touch) for touch in told))
    return None


def write_skew(case: Case) -> Race | None:
    """Return the last write skew: two tasks each rely on what the other is about to write.

    One reads x and writes y, another reads y and writes x, and each reads before the other writes.
    (Berenson et al., "A critique of ANSI SQL isolation levels", 1995, A5B.)
    """
    for one in case.stale:
        if one.restored or any(t.access.write and t.meets(one.read) for t in _mine(case, one)):
            continue
        rival, last = one.write.task, one.write.event
        for act in _acts(case, one):
            seen = [t for t in case.history.meeting(act) if t.task == rival and t.event <= last]
            if seen and not any(t.access.write for t in seen) and not is_same(seen[-1], act):
                told = one.read, act, seen[-1], one.write
                return Race("write skew", tuple(point(touch) for touch in told))
    return None


def lost_update(case: Case) -> Race | None:
    """Return the last lost update: a write replaces one that its task has never seen.

    A task reads x, another writes x, and the task writes x by an assignment that does not look at
    it again. (Berenson et al., 1995, P4; the case R-W-W of Lu et al., "AVIO: detecting atomicity
    violations via access interleaving invariants", 2006.)
    """
    for one in case.stale:
        for act in _acts(case, one):
            again = _looks_again(case, one, act)
            if act.meets(one.read) and act.is_blind() and not again and not one.restored:
                return Race("lost update", (point(one.read), point(one.write), point(act)))
    return None


def dirty_read(case: Case) -> Race | None:
    """Return the last dirty read: a task acts on a value that its writer takes back.

    A task writes x, another reads that, and the first writes back what there was before, as the
    next one to write x. The reader acts on it, before or after: it writes something without another
    look at x. Not so where both orders were forced: then the value was meant to be seen. (Berenson
    et al., 1995, A1; Gray et al., "Granularity of locks and degrees of consistency in a shared data
    base", 1976.)
    """
    history = case.history
    end = case.failing if case.failing >= 0 else len(history.events)
    for read in reversed(history.touches):
        if read.access.write:
            continue
        wrote = history.writes(read, 0, read.event)[-1:]
        back = history.writes(read, read.event, end)[:1]
        if not (wrote and back and _takes_back(read, wrote[0], back[0])):
            continue
        if history.forced(wrote[0].event, read.event) and history.forced(read.event, back[0].event):
            continue
        for act in _relying(case, read, end):
            told = wrote[0], read, back[0], act
            return Race("dirty read", tuple(point(touch) for touch in told))
    return None


def check_then_act(case: Case) -> Race | None:
    """Return the last check-then-act (TOCTOU): a task acts on what is no longer so.

    A task reads x, another changes x, and the task writes something, without a look at x other
    than the one that is part of the act. What it had just written itself it need not check. Of
    several, one that writes x comes first, then one whose read served no other act at once. (Bishop
    and Dilger, "Checking for race conditions in file accesses", 1996; Goetz et al., "Java
    concurrency in practice", 2006, section 2.2.)
    """
    found = [
        (one, act)
        for one in case.stale
        if not one.restored and not _is_own(case, one.read)
        for act in _acts(case, one)
        if not _looks_again(case, one, act)
    ]

    def weight(pair: tuple[Stale, Touch]) -> tuple[bool, bool]:
        one, act = pair
        then = [t for t in case.history.of_event[one.read.event] if t.place > one.read.place]
        return not act.meets(one.read), any(t.access.write for t in then)

    for one, act in sorted(found, key=weight)[:1]:
        end = point(act, "failed on" if act.event == case.failing else "wrote")
        return Race("check-then-act", (point(one.read), point(one.write), end))
    return None


def stale_read(case: Case) -> Race | None:
    """Return the last stale read: the event that fails contradicts what its task had read.

    A task reads x, another changes x, and the event that fails looks at x again (Berenson et al.,
    1995, P2, fuzzy read), or at y, which the other has written, too (A5A, read skew). Artho et al.,
    "Using block-local atomicity to detect stale-value concurrency errors", 2004, name it so.
    """
    for one in case.stale:
        seen = _contradiction(case, one)
        if seen and not one.restored and one.at == case.failing:
            return Race("stale read", (point(one.read), point(one.write), point(seen, "failed on")))
    return None


def _takes_back(read: Touch, wrote: Touch, back: Touch) -> bool:
    """Return whether ``read`` saw what another ``wrote``, which that one then undid."""
    mine = wrote.task == back.task != read.task
    changed = wrote.access.before != wrote.access.after == back.access.before
    undone = wrote.access.before == back.access.after
    return mine and changed and undone and is_same(wrote, read) and is_plain(back.value)


def _relying(case: Case, read: Touch, end: int) -> Iterator[Touch]:
    """Yield what the reader writes, and matters, before it looks at what it ``read`` again."""
    history = case.history
    for number in history.of_task(read.task):
        if not read.event <= number < end:
            continue
        for touch in history.of_event[number]:
            if number > read.event and not touch.access.write and touch.meets(read):
                return
            if touch.access.write and touch.place in case.relevant and touch.place > read.place:
                yield touch


def _acts(case: Case, one: Stale) -> Iterator[Touch]:
    """Yield what is written by the event that goes on from the stale read, if it matters."""
    for touch in _mine(case, one):
        if not touch.access.write:
            continue
        if one.at == case.failing:
            if touch.meets(one.read):  # it fails on it
                yield touch
        elif (
            touch.place in case.relevant
            or _contradiction(case, one)
            or (touch.meets(one.read) and _has_relied(case, one))
        ):
            yield touch


def _has_relied(case: Case, one: Stale) -> bool:
    """Return whether the task has written, since the read, what matters: it has acted already."""
    events = case.history.of_task(one.read.task)
    since = [n for n in events if one.read.event <= n < one.at]
    touches = [t for n in since for t in case.history.of_event[n] if t.place > one.read.place]
    return any(t.access.write and t.place in case.relevant for t in touches)


def _contradiction(case: Case, one: Stale) -> Touch | None:
    """Return what the failing event reads of x again, or of what the writer of x wrote, too."""
    if one.read.task != case.culprit or case.failing < 0:
        return None
    looks: list[Touch] = case.history.of_event[case.failing][::-1]
    for touch in looks:
        if touch.access.write or touch.access.line == one.read.access.line:
            continue  # the same line again is only the next turn of a loop
        written = case.history.writes(touch, one.read.event + 1, case.failing)
        if touch.meets(one.read) or (written and written[-1].task == one.write.task):
            return touch
    return None


def _looks_again(case: Case, one: Stale, act: Touch) -> bool:
    """Return whether the event of ``act`` has checked again what was read.

    A look on the act's own line is part of the act, unless the first one was on this line, too:
    then it is a loop, which acts once for each look.
    """
    for touch in _mine(case, one):
        if touch.access.write or not touch.meets(one.read):
            continue
        line = touch.access.line
        if line == one.read.access.line if line == act.access.line else touch.place < act.place:
            return True
    return False


def _is_own(case: Case, read: Touch) -> bool:
    """Return whether the event that read it had written it just before."""
    before = [t for t in case.history.of_event[read.event] if t.place < read.place]
    return any(t.access.write and t.meets(read) for t in before)


def _mine(case: Case, one: Stale) -> list[Touch]:
    return case.history.of_event[one.at]
