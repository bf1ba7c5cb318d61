"""The corpus: one file a bug, a seed with what is needed to notice drift."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import threading
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.program import Limits
from raceexplore.kernel.seed import decode
from raceexplore.search.corpus.aligned import are_pins, as_lists, label, pins
from raceexplore.search.programs.load import source_digest
from raceexplore.search.programs.target import is_node_id, split_reference
from raceexplore.search.why.guide import Guide

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.found import Found

VERSION = 1
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
        digest = hashlib.blake2b(program.encode(), digest_size=4).hexdigest()
        base = f"{Path(file).stem}-{test[:60]}-{digest}"
    else:
        path = Path(split_reference(program)[0])
        base = "-".join([*path.parent.parts[-1:], path.stem])
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in base)


def entries_of(program: str, folder: Path) -> list[tuple[Path, Entry]]:
    """Return the entries of ``folder`` for the pytest test ``program``, by file name."""
    named = [(path, read(path)) for path in sorted(folder.glob(f"{stem(program)}-*.json"))]
    return [(path, entry) for path, entry in named if entry.program == program]


def save(entry: Entry, folder: Path) -> tuple[Path, bool]:
    """Write ``entry`` unless its bug is already there with as small a schedule; tell if written.

    The file appears whole or not at all; one that cannot be read is put aside, not lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(entry)
    for named in sorted(folder.glob("*.json")):
        if named != path and _holds(named, entry):
            return named, False
    if path.exists():
        try:
            old = read(path)
        except BadSeed:
            path.replace(path.with_suffix(".damaged"))
        else:
            if old.source_digest == entry.source_digest and _size(old) <= _size(entry):
                return path, False
    write(entry, path)
    return path, True


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
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        draft.write_text(_as_json(entry), encoding="utf-8")
        if replace:
            draft.replace(path)
        else:
            _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)
        draft.replace(path)


def _as_json(entry: Entry) -> str:
    """Return ``entry`` as JSON with a line for each field, and for each element of a list."""
    parts = []
    for name, value in asdict(entry).items():
        text = json.dumps(value)
        if type(value) is list and value:
            text = "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
        parts.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read(path: Path) -> Entry:
    """Return the entry in ``path``. Raises `BadSeed` if it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict) or not {"version", "seed"} <= value.keys():
            raise BadSeed(f"{path} is not a corpus file: it has no version and seed")
        if value["version"] != VERSION:
            raise BadSeed(f"{path} has format {value['version']!r}, made by a newer raceexplore")
        entry = Entry(**value)
        decode(str(entry.seed))
        Guide.from_plain(entry.orders)
    except BadSeed as error:
        raise BadSeed(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except OSError as error:
        raise BadSeed(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, TypeError) as error:
        what = str(error).replace("Entry.__init__() ", "")
        raise BadSeed(f"{path} is not a corpus file, or a damaged one: {what}") from None
    kinds = {f.name: f.type.partition("[")[0] for f in fields(Entry)}
    wrong = [name for name, kind in kinds.items() if type(getattr(entry, name)).__name__ != kind]
    if not ("pins" in wrong or are_pins(entry.pins)):
        wrong.append("pins")
    if wrong:
        raise BadSeed(f"{path} is damaged: {', '.join(wrong)} is not of the kind it should be")
    return entry


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
