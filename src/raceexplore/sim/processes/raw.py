"""What `open` returns in a simulated process: Python's own layers on a simulated file."""

from __future__ import annotations

import io
from typing import Any

from raceexplore.kernel.fence.strand import inside, wait
from raceexplore.sim.files import OpenFile

BUFFER = 8192


class RawFile(io.RawIOBase):
    """A file without a buffer, each of whose calls is a system call of the process that has it.

    name: what it was opened by. mode: as FileIO has it. closes: closing it closes the descriptor.
    """

    def __init__(
        self, opened: OpenFile, name: object, kind: str = "", *, closes: bool = True
    ) -> None:
        self._opened, self.name, self._closes = opened, name, closes
        both = "+" if opened.reads and opened.writes else ""
        kind = kind if kind in {"a", "x"} else "r" if opened.reads else "w"
        self.mode = f"{kind}b{both}"

    def readable(self) -> bool:
        """Return whether it was opened for reading."""
        return self._opened.reads

    def writable(self) -> bool:
        """Return whether it was opened for writing."""
        return self._opened.writes

    def seekable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor: of the simulated process, and of nothing else."""
        return self._opened.number

    def readinto(self, buffer: Any) -> int:
        """Read into ``buffer``."""
        data: bytes = wait(self._opened.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Write, and return how many bytes were written."""
        written: int = wait(self._opened.write(bytes(data)))
        return written

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to an offset; finding the end looks at the file."""
        if whence == 2:
            wait(self._opened.caller.step(f"find the end of {self._opened.path}"))
        return self._opened.seek(offset, whence)

    def tell(self) -> int:
        """Return the offset."""
        return self._opened.offset

    def truncate(self, size: int | None = None) -> int:
        """Make the file ``size`` bytes long; as long as the offset, if none is given."""
        length = self._opened.offset if size is None else size
        wait(self._opened.truncate(length))
        return length

    def close(self) -> None:
        """Close it; without a schedule point, where a collector does, and no process."""
        if self.closed:
            return
        super().close()
        if not self._closes:
            return
        strand = inside()
        if strand is None or strand.closed:
            self._opened.drop()
        else:
            wait(self._opened.close())


def wrapped(
    raw: RawFile, mode: str, buffering: int, *, encoding: str | None, errors: str | None,
    newline: str | None,
) -> Any:  # fmt: skip
    """Return ``raw`` with the buffer and the text layer that `open` gives a file of this mode."""
    binary = "b" in mode
    if buffering == 0:
        if not binary:
            raise ValueError("can't have unbuffered text I/O")
        return raw
    size = BUFFER if buffering in {-1, 1} else buffering
    buffered: Any
    if "+" in mode:
        buffered = io.BufferedRandom(raw, size)
    elif "r" in mode:
        buffered = io.BufferedReader(raw, size)
    else:
        buffered = io.BufferedWriter(raw, size)
    if binary:
        return buffered
    text: Any = io.TextIOWrapper(buffered, encoding or "utf-8", errors, newline, buffering == 1)
    text.mode = mode
    return text
