"""What a tool's calls do wrong, by name: told from the calls of a run that went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raceexplore.sim.files import Did
from raceexplore.sim.processes import Call

FIXED_NAME = "fixed-temporary-name"
REPLACED = "lock-on-replaced-file"
STALE = "stale-lock-break"
READ_FIRST = "reads-before-the-lock"
NO_LOCK = "no-lock"
READS = (Did.OPENS, Did.READS)


def causes_in(calls: Sequence[Call]) -> Iterator[str]:
    """Yield the names of what is wrong, the most particular first."""
    pids = list(dict.fromkeys(call.pid for call in calls))[:-1]  # the last one is the check
    ours = [call for call in calls if call.pid in pids]
    renamed = [(call.pid, call.paths) for call in ours if call.did is Did.RENAMES]
    sources = [paths[0] for _, paths in dict.fromkeys(renamed)]
    if len(set(sources)) < len(sources):
        yield FIXED_NAME
    locked = {call.paths[0] for call in ours if call.did is Did.LOCKS}
    if any(paths[1] in locked for _, paths in renamed):
        yield REPLACED
    if _broken(ours):
        yield STALE
    made = {call.paths[0] for call in ours if call.did is Did.CREATES}
    removed = {call.paths[0] for call in ours if call.did is Did.UNLINKS}
    if not locked and not made & removed:
        yield NO_LOCK
    elif any(_reads_first(ours, pid, locked) for pid in pids):
        yield READ_FIRST


def _broken(calls: Sequence[Call]) -> bool:
    """Return whether a process has removed a lock file that another had made and still used."""
    owner: dict[str, int] = {}
    for call in calls:
        if call.did is Did.CREATES:
            owner.setdefault(call.paths[0], call.pid)
        elif call.did is Did.UNLINKS and owner.pop(call.paths[0], call.pid) != call.pid:
            return True
    return False


def _reads_first(calls: Sequence[Call], pid: int, locked: set[str]) -> bool:
    """Return whether a process has read something, other than the lock, before it had the lock."""
    for call in calls:
        if call.pid == pid and call.did is Did.LOCKS:
            return False
        if call.pid == pid and call.did in READS and call.paths[0] not in locked:
            return True
    return False
