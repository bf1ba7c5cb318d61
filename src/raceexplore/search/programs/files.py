"""Files: written whole or not at all, read only if they are regular and of a sensible size."""

from __future__ import annotations

import os
import re
import secrets
import socket
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

READ_MAX = 8 << 20  # bytes of a file of the corpus
# of this version, and of those before it: without a session, and without a machine
DRAFT = re.compile(
    r"\.rx-[0-9a-f]{8}-(?P<host>[0-9a-f]{8})\.(?P<pid>\d+)\.\d+(\.[\w-]{1,32})?\.draft"
)
OLD_DRAFT = re.compile(r"\..+\.json\.(?P<pid>\d+)\.\d+")


def write_whole(path: Path, text: str, *, replace: bool = True) -> None:
    """Write ``text`` to ``path``, whole or not at all, whoever else writes there now.

    Unless ``replace``, raises `FileExistsError` if there is such a file, also one made meanwhile.
    Raises `OSError` if it cannot be written; what was there is there then, as it was.
    """
    target = path.resolve() if path.is_symlink() else path
    if replace and target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8", errors="backslashreplace")  # /dev/stdout, a pipe
        return
    draft = target.with_name(_draft_name(target.name))
    try:
        _write_synced(draft, text)
        if replace:
            _keep_mode(draft, target)
            draft.replace(target)
        else:
            _link(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(target.parent)
    sweep(target.parent)


def _write_synced(draft: Path, text: str) -> None:
    """Write a new file, and let a power cut take nothing of it once it has its name."""
    with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        with suppress(OSError):  # not all that can be written to can be synced
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Let a power cut not take the new name of a file in ``folder``, where one can ask for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass
class DraftNames:
    """What this call names its temporary files by; a random name unless it is given one."""

    name: str = ""

    def tag(self) -> str:
        """Return the name."""
        self.name = self.name or secrets.token_hex(4)
        return self.name


session = DraftNames()


def _draft_name(name: str) -> str:
    """Return a short name: one made of ``name`` itself might be too long for a file."""
    return (
        f".rx-{_digest(name)}-{_host()}.{os.getpid()}.{threading.get_ident()}.{session.tag()}.draft"
    )


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=4).hexdigest()


def _host() -> str:
    return _digest(socket.gethostname())


def _keep_mode(draft: Path, target: Path) -> None:
    try:
        draft.chmod(stat.S_IMODE(target.stat().st_mode))
    except OSError:  # there is none, or the file system knows no modes
        return


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)
        draft.replace(path)


def sweep(folder: Path) -> None:
    """Remove the drafts that killed processes of this machine have left in ``folder``."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        match = DRAFT.fullmatch(name) or OLD_DRAFT.fullmatch(name)
        if match is None or match.groupdict().get("host", _host()) != _host():
            continue
        if not _is_alive(int(match["pid"][:10])):
            (folder / name).unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def put_aside(path: Path, suffix: str = ".damaged") -> Path:
    """Give ``path`` another name that nothing has yet; return it."""
    number = 1
    while True:
        place = path.with_suffix(suffix if number == 1 else f"{suffix}-{number}")
        try:
            os.link(path, place)
        except FileExistsError:
            number += 1
        except OSError:  # a file system without links
            if not place.exists():
                return path.rename(place)
            number += 1
        else:
            path.unlink()
            return place


def read_regular(path: Path, most: int = READ_MAX) -> bytes:
    """Return the content of a regular file. Raises `OSError` for another kind, or a larger one."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is no regular file")
        if found.st_size > most:
            raise OSError(0, f"it is larger than {most >> 20} MB")
        return file.read(most + 1)[:most]


def exists(path: Path) -> bool:
    """Return whether there is such a file; of a name that no file can have, there is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Return whether there is such a file, and it is a regular one."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
