"""Advisory locks: flock's belong to an open file, fcntl's to a process; all of them to an inode.

So a lock stays with the file that was opened, and not with its name: whoever renames another file
onto that name, and then locks by it, locks something else.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import Kind
from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.inode import Range

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.files.inode import Inode

Pause = Callable[[], Awaitable[object]]
PLACE = " lock"


class FileLocks:
    """The locks of one file system's inodes.

    holders: returns the tasks' paths of who holds a lock, by what holds it: for deadlocks.
    """

    def __init__(self, world: World, holders: Callable[[object], str]) -> None:
        self._world, self._holder = world, holders

    async def flock(self, inode: Inode, opened: object, *, exclusive: bool, wait: bool) -> None:
        """Lock ``inode`` for an open file; change the kind of the lock that it has, if any.

        Changing is not atomic: the old lock is gone first, as on Linux. Raises `BlockingIOError` if
        the lock is held and ``wait`` is not wanted.
        """
        while True:
            self._touch(inode)
            if inode.flocks.pop(opened, None) is not None:
                self._wake(inode)
            others = [other for other, alone in inode.flocks.items() if alone or exclusive]
            if not others:
                inode.flocks[opened] = exclusive
                return
            await self._wait(inode, others, wait=wait)

    def unlock(self, inode: Inode, opened: object) -> None:
        """Give up the lock of an open file, if it has one."""
        if opened in inode.flocks:
            self._touch(inode)
            del inode.flocks[opened]
            self._wake(inode)

    async def lock_range(self, inode: Inode, wanted: Range, *, wait: bool) -> None:
        """Lock some bytes for a process, in the place of what it had locked of them before.

        Raises `BlockingIOError` if another has locked some of them and ``wait`` is not wanted.
        """
        while True:
            self._touch(inode)
            others = [held.owner for held in inode.ranges if _conflict(held, wanted)]
            if not others:
                inode.ranges = [*_without(inode.ranges, wanted), wanted]
                return
            await self._wait(inode, others, wait=wait)

    def unlock_range(self, inode: Inode, given_up: Range) -> None:
        """Give up what ``given_up.owner`` has locked of these bytes."""
        left = _without(inode.ranges, given_up)
        if left != inode.ranges:
            self._touch(inode)
            inode.ranges = left
            self._wake(inode)

    async def _wait(self, inode: Inode, others: list[object], *, wait: bool) -> None:
        if not wait:
            raise failed(errno.EAGAIN)
        if inode.lot is None:
            inode.lot = self._world.lot(f"{inode.label}{PLACE}")
        paths = tuple([self._holder(other) for other in others])
        await inode.lot.park(f"the lock on {inode.label}", holders=lambda: paths)

    def _wake(self, inode: Inode) -> None:
        if inode.lot is not None:
            inode.lot.wake(len(inode.lot))  # each looks for itself, as Linux has it

    def _touch(self, inode: Inode) -> None:
        self._world.used(inode.label, PLACE, write=True, kind=Kind.LOCK)


def _conflict(held: Range, wanted: Range) -> bool:
    overlap = held.start < wanted.end and wanted.start < held.end
    return overlap and held.owner is not wanted.owner and (held.exclusive or wanted.exclusive)


def _without(ranges: list[Range], gone: Range) -> list[Range]:
    """Return ``ranges`` less those bytes, as far as they belong to the same owner."""
    left: list[Range] = []
    for held in ranges:
        if held.owner is not gone.owner or held.end <= gone.start or gone.end <= held.start:
            left.append(held)
            continue
        if held.start < gone.start:
            left.append(held._replace(end=gone.start))
        if gone.end < held.end:
            left.append(held._replace(start=gone.end))
    return left
