"""The errors of a file system, as Python's own classes with the numbers that programs look at."""

from __future__ import annotations

import errno
from typing import Final

TEXTS: Final = {
    errno.EACCES: "Permission denied",
    errno.EAGAIN: "Resource temporarily unavailable",
    errno.EBADF: "Bad file descriptor",
    errno.ECHILD: "No child processes",
    errno.EEXIST: "File exists",
    errno.EINVAL: "Invalid argument",
    errno.EISDIR: "Is a directory",
    errno.ELOOP: "Too many levels of symbolic links",
    errno.ENOENT: "No such file or directory",
    errno.ENOTDIR: "Not a directory",
    errno.ENOTEMPTY: "Directory not empty",
    errno.EPERM: "Operation not permitted",
    errno.ESRCH: "No such process",
}


def failed(number: int, path: str | None = None, other: str | None = None) -> OSError:
    """Return the `OSError` of that number, of the subclass that Python has for it."""
    text = TEXTS[number]
    if path is None:
        return OSError(number, text)
    return (
        OSError(number, text, path) if other is None else OSError(number, text, path, None, other)
    )
