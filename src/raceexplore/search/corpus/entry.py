"""The corpus: one file a bug, a seed with what is needed to notice drift."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.program import STEPS_MAX, Limits
from raceexplore.kernel.seed import decode
from raceexplore.search.corpus.aligned import are_pins, as_lists, label, pins
from raceexplore.search.corpus.mutation import changing
from raceexplore.search.programs.files import READ_MAX, exists, put_aside, read_regular, write_whole
from raceexplore.search.programs.load import source_digest
from raceexplore.search.programs.target import is_node_id, split_reference
from raceexplore.search.why.guide import Guide

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.found import Found

VERSION = 1
STEM_LONGEST = 200  # bytes of a file's name less the fingerprint; a system takes 255 in all
EVENTS = "the events differ from the recorded ones"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the corpus.

    seed: the line that replays it. digest: of the events of the shrunk run. source_digest: of
    the program's file. hash_probe: tells whether strings hashed as they do here; only programs
    whose order depends on it care. found_at: ISO 8601, UTC. max_steps: the limit of steps it was
    found with. site: function and text of the line that failed. tasks: paths, in the order in
    which they began. pins: the deviations with the awaits they are pinned to, each a `Pin` as a
    list. orders: the order constraints that suffice, where they are known, as `Guide.as_plain`
    gives them. These find the failure again in an edited program. observe: the installed packages
    that were observed too. cure: what would cure it, in a sentence, if that was found out.
    """

    version: int
    seed: str
    program: str
    kind: str
    message: str
    fingerprint: str
    digest: str
    source_digest: str
    python: str
    trio: str
    raceexplore: str
    hash_probe: int
    found_at: str
    max_steps: int = Limits().steps
    site: str = ""
    tasks: list[str] = field(default_factory=list)
    pins: list[Any] = field(default_factory=list)
    orders: list[Any] = field(default_factory=list)
    observe: list[str] = field(default_factory=list)
    cure: str = ""


def entry_of(
    found: Found,
    version: str,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    *,
    cure: str = "",
) -> Entry:
    """Return the entry for ``found``; ``version`` is raceexplore's own. cure: see `Entry`."""
    run = found.run
    return Entry(
        version=VERSION,
        seed=run.seed,
        program=run.program.name,
        kind=found.kind,
        message=found.message,
        fingerprint=found.fingerprint,
        digest=run.digest,
        source_digest=source_digest(run.program),
        python=platform.python_version(),
        trio=trio.__version__,
        raceexplore=version,
        hash_probe=hash_probe(),
        found_at=datetime.now(UTC).isoformat(timespec="seconds"),
        max_steps=limits.steps,
        site=told_site(found.run),
        tasks=list(found.tasks),
        pins=as_lists(pins(run)),
        orders=found.why.orders.guide.as_plain() if found.why else [],
        observe=list(run.program.packages),
        cure=cure,
    )


def told_site(run: Run) -> str:
    """Return where ``run`` failed: the function and the text of the line."""
    assert run.failure is not None
    return ": ".join(label(run.failure.site))


def hash_probe() -> int:
    """Return a number that differs between processes whose strings hash differently."""
    return hash("raceexplore") & 0xFFFF


def file_name(entry: Entry) -> str:
    """Return ``ticketing-buggy-1a2b3c4d.json``: the program's folder and file, the fingerprint."""
    return f"{stem(entry.program)}-{entry.fingerprint}.json"


def stem(program: str) -> str:
    """Return the folder and file of a program, or the file, name and digest of a pytest test."""
    if is_node_id(program):
        file, _, test = program.partition("::")
        digest = hashlib.blake2b(program.encode(errors="surrogatepass"), digest_size=4).hexdigest()
        base = f"{Path(file).stem}-{test[:60]}-{digest}"
    else:
        path = Path(split_reference(program)[0])
        base = "-".join([*path.parent.parts[-1:], path.stem])
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in base)
    if len(name.encode()) <= STEM_LONGEST:
        return name
    # with what is added to it, it would be too long for the name of a file
    digest = hashlib.blake2b(program.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return f"{name[: STEM_LONGEST // 4]}-{digest}"


def entries_of(program: str, folder: Path) -> tuple[list[tuple[Path, Entry]], list[str]]:
    """Return the entries of ``folder`` for the pytest test ``program``, by file name.

    And what is wrong with those files that cannot be read.
    """
    found, refused = [], []
    for path in paths_of(folder):
        if path.name.startswith(f"{stem(program)}-"):
            try:
                found.append((path, read(path)))
            except BadSeed as error:
                refused.append(str(error))
    return [(path, entry) for path, entry in found if entry.program == program], refused


def save(entry: Entry, folder: Path) -> tuple[Path, bool]:
    """Write ``entry`` unless its bug is already there with as small a schedule; tell if written.

    The file appears whole or not at all. One that is damaged is put aside, not lost; one that
    cannot be read here, or is of a newer version, is left alone, and another name is taken. Raises
    `LockHeld` if another process changes the folder for too long.
    """
    with changing(folder):
        return _save(entry, folder)


def _save(entry: Entry, folder: Path) -> tuple[Path, bool]:
    path = folder / file_name(entry)
    for named in paths_of(folder):
        if named != path and _holds(named, entry):
            return named, False
    number = 1
    while exists(path):
        try:
            old = read(path)
        except Unreadable:
            number += 1
            path = folder / file_name(entry).replace(".json", f"-{number}.json")
            continue
        except BadSeed:
            put_aside(path)
            break
        if old.source_digest == entry.source_digest and _size(old) <= _size(entry):
            return path, False
        break
    write(entry, path)
    return path, True


def paths_of(folder: Path) -> list[Path]:
    """Return the files of ``folder``, if it is there, that are entries by their names, sorted."""
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for path in found if path.suffix == ".json" and not path.name.startswith(".")]


def _holds(path: Path, entry: Entry) -> bool:
    """Return whether ``path``, which somebody gave a name, holds the same failure as ``entry``."""
    try:
        old = read(path)
    except BadSeed:
        return False
    same = (old.program, old.fingerprint) == (entry.program, entry.fingerprint)
    return same and old.source_digest == entry.source_digest


def _size(entry: Entry) -> tuple[int, int]:
    return decode(entry.seed).schedule.size, len(entry.seed)


def write(entry: Entry, path: Path, *, replace: bool = True) -> None:
    """Write ``entry`` to ``path``, whole or not at all, whoever else writes there now.

    Unless ``replace``, raises `FileExistsError` if there is such a file, also one made meanwhile.
    """
    text = _as_json(entry)
    if len(text) > READ_MAX:  # of a run of very many deviations: these are the most of it
        text = _as_json(dataclasses.replace(entry, pins=[]))
    write_whole(path, text, replace=replace)


def _as_json(entry: Entry) -> str:
    """Return ``entry`` as JSON with a line for each field, and for each element of a list."""
    parts = []
    for name, value in asdict(entry).items():
        text = json.dumps(value)
        if type(value) is list and value:
            text = "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
        parts.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


class Unreadable(BadSeed):
    """A file that may be whole, but not for us: of a newer version, or of another user."""


def read(path: Path) -> Entry:
    """Return the entry in ``path``.

    Raises `BadSeed` if it is none, and `Unreadable` if it may be one.
    """
    try:
        value = json.loads(read_regular(path))
        if not isinstance(value, dict) or not {"version", "seed"} <= value.keys():
            raise BadSeed(f"{path} is not a corpus file: it has no version and seed")
        if value["version"] != VERSION:
            told = str(value["version"])[:40]
            raise Unreadable(f"{path} has format {told}, made by a newer raceexplore")
        entry = Entry(**value)
        decode(str(entry.seed))
        Guide.from_plain(entry.orders)
    except BadSeed as error:
        told = str(error) if str(path) in str(error) else f"{path}: {error}"
        raise type(error)(told) from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError, TypeError) as error:
        what = str(error).replace("Entry.__init__() ", "")[:200]
        raise BadSeed(f"{path} is not a corpus file, or a damaged one: {what}") from None
    if wrong := _wrong(entry):
        raise BadSeed(f"{path} is damaged: {', '.join(wrong)} is not of the kind it should be")
    return entry


def _wrong(entry: Entry) -> list[str]:
    """Return the names of the fields that are not as `entry_of` makes them."""
    kinds = {f.name: f.type.partition("[")[0] for f in fields(Entry)}
    wrong = [name for name, kind in kinds.items() if type(getattr(entry, name)).__name__ != kind]
    if not ("pins" in wrong or are_pins(entry.pins)):
        wrong.append("pins")
    if not ("tasks" in wrong or all(type(task) is str for task in entry.tasks)):
        wrong.append("tasks")
    if not ("max_steps" in wrong or 0 < entry.max_steps <= STEPS_MAX):
        wrong.append("max_steps")
    if not ("fingerprint" in wrong or re.fullmatch("[0-9a-f]{0,64}", entry.fingerprint)):
        wrong.append("fingerprint")
    return wrong


def entries(folder: Path) -> list[tuple[Path, Entry]]:
    """Return the entries of ``folder``, by file name. Raises `BadSeed` for a damaged one."""
    return [(path, read(path)) for path in paths_of(folder)]


def drift(entry: Entry, digest_now: str, source_now: str) -> list[str]:
    """Say in words what differs between ``entry`` and a replay of it here and now."""
    lines = []
    if digest_now != entry.digest:
        lines.append(EVENTS)
    if source_now and entry.source_digest and source_now != entry.source_digest:
        lines.append("the program's source has changed")
    for name, then, now in (
        ("Python", entry.python, platform.python_version()),
        ("trio", entry.trio, trio.__version__),
    ):
        if then != now:
            lines.append(f"{name} was {then}, is {now}")
    if lines == [EVENTS] and entry.hash_probe != hash_probe():
        lines.append("strings hash differently (PYTHONHASHSEED): does an order depend on a set?")
    return lines
