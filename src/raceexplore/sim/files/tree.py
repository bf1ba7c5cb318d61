"""The tree of directories: each function is one step of a system call, and tells what it touches.

Steps are as small as a kernel makes them: a path is looked up and its last name is changed under
the directory's own lock, so that these two are one step; opening and truncating are one; writing is
another. Nothing here waits.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.inode import Change, Inode, Sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.world import World

LINKS_MAX = 40  # symbolic links in one path, as Linux has it
SHOWN = 60  # characters of a file's content in a report


class Place:
    """Where a path leads: the last directory, the last name, and what is there, if anything."""

    __slots__ = ("directory", "inode", "name", "path")

    def __init__(self, path: str, directory: Inode, name: str, inode: Inode | None) -> None:
        self.path, self.directory, self.name, self.inode = path, directory, name, inode

    def existing(self) -> Inode:
        """Return what is there. Raises `FileNotFoundError`."""
        if self.inode is None:
            raise failed(errno.ENOENT, self.path)
        return self.inode


class Tree:
    """One file system: its root, and who is told of what is touched."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._made: dict[str, int] = {}
        self._count = 1
        self.root = Inode(Sort.DIRECTORY, "", 1, mode=0o755, now_s=0.0)
        self.root.links = 2

    # --- paths

    def place(self, path: str, start: Inode | None = None, *, follow: bool = True) -> Place:
        """Return where ``path`` leads from ``start``, or from the root.

        follow: through a symbolic link at its end, too.

        Raises `OSError` if there is no such directory, or if the path is empty.
        """
        if not path:
            raise failed(errno.ENOENT, path)
        names, links = _names(path), 0
        directory = self.root if start is None or path.startswith("/") else start
        while names:
            name = names.pop(0)
            if name == "..":
                directory = directory.parent
                continue
            found = self._look(directory, name)
            if found is not None and found.sort is Sort.SYMLINK and (names or follow):
                links += 1
                if links > LINKS_MAX:
                    raise failed(errno.ELOOP, path)
                names = _names(found.target) + names
                directory = self.root if found.target.startswith("/") else directory
                continue
            if not names:
                return Place(path, directory, name, found)
            if found is None:
                raise failed(errno.ENOENT, path)
            if not found.is_directory:
                raise failed(errno.ENOTDIR, path)
            directory = found
        return Place(path, directory.parent, "", directory)  # the root, or it ends in ".."

    def _look(self, directory: Inode, name: str) -> Inode | None:
        found = directory.entries.get(name)
        self.world.used(directory.label, f"/{name}", write=False)
        return found

    # --- making and removing

    def make(self, place: Place, sort: Sort, *, mode: int) -> Inode:
        """Make a new inode at ``place``. Raises `FileExistsError`, and `IsADirectoryError`."""
        if place.inode is not None or not place.name:
            raise failed(errno.EEXIST, place.path)
        if sort is Sort.FILE and place.path.endswith("/"):
            raise failed(errno.EISDIR, place.path)
        inode = self._new(sort, f"{place.directory.label}/{place.name}", mode)
        if sort is Sort.DIRECTORY:
            inode.links, inode.parent = 1, place.directory
        self.enter(place, inode)
        return inode

    def nameless(self, place: Place) -> Inode:
        """Make a file that no name leads to."""
        return self._new(Sort.FILE, f"a nameless file in {place.path}", 0o600)

    def _new(self, sort: Sort, path: str, mode: int) -> Inode:
        self._count += 1
        now_s = self.world.now()
        return Inode(sort, self._label(path), self._count, mode=mode, now_s=now_s)

    def _label(self, path: str) -> str:
        """Return a name that is the same in each run that makes the inode in the same way."""
        maker = f"{path} ({self.world.task})"
        count = self._made[maker] = self._made.get(maker, 0) + 1
        return maker if count == 1 else f"{maker} #{count}"

    def enter(self, place: Place, inode: Inode | None) -> None:
        """Let the name at ``place`` lead to ``inode``; None: to nothing. Links are counted."""
        directory, name = place.directory, place.name
        before = directory.entries.pop(name, None)
        if before is not None:
            before.links -= 1
        if inode is not None:
            directory.entries[name] = inode
            inode.links += 1
        directory.changes.append((Change(name, before),))
        directory.changed_s = self.world.now()
        texts = "there" if before is not None else "not there", "not there"
        if inode is not None:
            texts = texts[0], "another file" if before is not None else "there"
        self.world.used(directory.label, f"/{name}", write=True, values=texts)

    def remove(self, place: Place, *, directory: bool) -> None:
        """Take away the name at ``place``: of a directory that is empty, or of something else."""
        inode = place.existing()
        if inode.is_directory != directory:
            raise failed(errno.ENOTDIR if directory else errno.EISDIR, place.path)
        if directory:
            self._must_be_empty(inode, place.path)
        self.enter(place, None)

    def _must_be_empty(self, directory: Inode, path: str) -> None:
        self.world.used(directory.label, write=False)
        if directory.entries:
            raise failed(errno.ENOTEMPTY, path)

    def rename(self, source: Place, target: Place) -> None:
        """Let the name ``target`` lead where ``source`` does, in one step; ``source`` is gone.

        What was at ``target`` loses that name; who has it open keeps it, and its locks.
        """
        inode, there = source.existing(), target.inode
        if not target.name or not source.name:
            raise failed(errno.EINVAL, source.path, target.path)
        if there is inode:
            return  # two names of one file: POSIX has it that nothing happens
        if inode.is_directory and any(above is inode for above in _upwards(target.directory)):
            raise failed(errno.EINVAL, source.path, target.path)
        if there is not None:
            if there.is_directory != inode.is_directory:
                number = errno.EISDIR if there.is_directory else errno.ENOTDIR
                raise failed(number, source.path, target.path)
            if there.is_directory:
                self._must_be_empty(there, target.path)
        self.enter(target, inode)
        self.enter(source, None)
        if source.directory is target.directory:  # one entry in a journal, never half of it
            changes = source.directory.changes
            changes[-2:] = [changes[-2] + changes[-1]]
        if inode.is_directory:
            inode.parent = target.directory

    def link(self, source: Place, target: Place) -> None:
        """Give what is at ``source`` a second name. Raises `FileExistsError`."""
        inode = source.existing()
        if target.inode is not None:
            raise failed(errno.EEXIST, source.path, target.path)
        if inode.is_directory:
            raise failed(errno.EPERM, source.path, target.path)
        self.enter(target, inode)

    # --- content

    def read(self, inode: Inode, offset: int, size: int) -> bytes:
        """Return at most ``size`` bytes from ``offset`` on."""
        self.world.used(inode.label, " content", write=False, values=(shown(inode.data), ""))
        return bytes(inode.data[offset : offset + size])

    def write(self, inode: Inode, offset: int, data: bytes) -> int:
        """Write ``data`` at ``offset``; what is between the end and there becomes zeros."""
        before = shown(inode.data)
        if offset > len(inode.data):
            inode.data.extend(bytes(offset - len(inode.data)))
        inode.data[offset : offset + len(data)] = data
        self._changed(inode, before)
        return len(data)

    def truncate(self, inode: Inode, size: int) -> None:
        """Cut a file, or fill it up with zeros, to ``size`` bytes."""
        before = shown(inode.data)
        del inode.data[size:]
        inode.data.extend(bytes(size - len(inode.data)))
        self._changed(inode, before)

    def _changed(self, inode: Inode, before: str) -> None:
        inode.changed_s = self.world.now()
        values = (before, shown(inode.data))
        self.world.used(inode.label, " content", write=True, values=values)

    # --- what survives

    def sync(self, inode: Inode) -> None:
        """Let a crash take nothing of ``inode`` as it is now.

        Of a file, that is its content; its name is its directory's, and is synced with that.
        """
        if inode.is_directory:
            self.world.used(inode.label, write=True)
            inode.changes.clear()
        else:
            self.world.used(inode.label, " content", write=True)
            inode.synced = bytes(inode.data)

    def everything(self) -> Iterator[tuple[str, Inode]]:
        """Yield each directory's path and inode, and each name in it, parents first."""
        yield from _below("", self.root)

    def crash(self) -> None:
        """Lose power: of what is not synced, the explorer chooses what has reached the disk.

        Of each directory, its changes have, in their order, up to some point; of each file all of
        its content, or no more than was synced. On the quiet day nothing is lost.
        """
        pick = self.world.pick
        for path, directory in [*self.everything()]:
            if not directory.is_directory or not directory.changes:
                continue
            changes = directory.changes
            lost = pick(f"changes of {path or '/'} lost", range(len(changes) + 1), kind="fault")
            _undo(directory, lost)
            changes.clear()
            self.world.used(directory.label, write=True)
        for path, inode in [*self.everything()]:
            if inode.sort is Sort.FILE and inode.synced != inode.data:
                is_lost = pick(f"content of {path} lost", (False, True), kind="fault")
                inode.data = bytearray(inode.synced if is_lost else inode.data)
                inode.synced = bytes(inode.data)
                self.world.used(inode.label, " content", write=True)
            inode.flocks.clear()
            inode.ranges.clear()


def _undo(directory: Inode, lost: int) -> None:
    """Let the last ``lost`` changes of ``directory`` not have happened."""
    for change in [one for step in directory.changes[::-1][:lost] for one in step[::-1]]:
        now = directory.entries.pop(change.name, None)
        if now is not None:
            now.links -= 1
        if change.before is not None:
            directory.entries[change.name] = change.before
            change.before.links += 1


def _below(path: str, inode: Inode) -> Iterator[tuple[str, Inode]]:
    yield path, inode
    for name in sorted(inode.entries):
        yield from _below(f"{path}/{name}", inode.entries[name])


def _upwards(directory: Inode) -> Iterator[Inode]:
    yield directory
    while directory.parent is not directory:
        directory = directory.parent
        yield directory


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in {"", "."}]


def shown(data: bytes | bytearray) -> str:
    """Return the content of a file in a few words, for a report."""
    text = data[: SHOWN + 1].decode(errors="replace")
    return repr(text) if len(data) <= SHOWN else f"{text[:SHOWN]!r}... ({len(data)} bytes)"
