"""The text form of a schedule: ``rx1-`` and a checksummed, compressed line of letters."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from raceexplore.kernel.choice import KINDS, Deviation, Schedule
from raceexplore.kernel.errors import BadOption, BadSeed
from raceexplore.kernel.program import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "rx1-"
DEVIATIONS_MAX, PROGRAM_LONGEST = 1_000_000, 8192
RATIO_MAX = 200  # a schedule that says the same again and again packs to a hundredth of itself
# Words that most seeds share; zlib refers to them instead of spelling them out.
_COMMON = (
    b"wrong_fix.py:mainfixed.py:maintests/corpus/model.py:programbuggy.py:main"
    b"models/main/clockmain/customer#1main/request#2main/worker#1main/checkout#2main/"
)


class Seed(NamedTuple):
    """What a seed says: which program, under which settings, with which deviations.

    fingerprint: of the failure that it reproduces; empty if the run passed.
    """

    program: str
    settings: Settings
    schedule: Schedule
    fingerprint: str


def encode(program: str, settings: Settings, schedule: Schedule, fingerprint: str) -> str:
    """Return the seed, a line of ASCII letters, digits, ``-`` and ``_``."""
    names: dict[str, int] = {}
    rows: list[int] = []
    for d in schedule.deviations:
        kind = KINDS.index(d.kind)
        take = names.setdefault(d.take, len(names)) if isinstance(d.take, str) else d.take
        rows += (kind, names.setdefault(d.at, len(names)), d.nth, take)
    options = {k: v for k, v in _options(settings) if v != getattr(Settings(), k)}
    value = [program, options, bytes.fromhex(fingerprint), list(names), rows]
    # a file's name need not be text in any encoding: Python keeps such bytes as half letters
    body = _deflate(msgpack.packb(value, unicode_errors="surrogatepass"))
    check = zlib.crc32(body).to_bytes(4, "big")
    return PREFIX + base64.urlsafe_b64encode(check + body).rstrip(b"=").decode()


def decode(text: str) -> Seed:
    """Return what ``text`` says. Raises `BadSeed`, in one line that names what is wrong."""
    text = text.strip()
    match = re.match(r"rx(\d+)-", text)
    if match is None:
        raise BadSeed(f"not a raceexplore seed: it starts with {text[:8]!r}, not with 'rx1-'")
    if match[1] != "1":
        raise BadSeed(
            f"this seed has format {match[1]}, made by a newer raceexplore; upgrade to replay it"
        )
    body = _body(text[len(PREFIX) :])
    try:
        program, options, fingerprint, names, rows = _shaped(_unpacked(body))
        settings = Settings(**options)
        deviations = tuple(_rows(names, rows))
        return Seed(program, settings, Schedule(deviations), fingerprint.hex())
    except (ValueError, TypeError, IndexError, BadOption, RecursionError) as error:
        why = (str(error) or type(error).__name__)[:200]
        raise BadSeed(
            f"this seed's checksum holds but its content makes no sense: {why}"
        ) from error


def _unpacked(body: bytes) -> Any:
    """Return what ``body`` packs, which holds three lists and a map at most."""
    made: list[int] = []

    def count(part: Any) -> Any:
        made.append(1)
        if len(made) > 4:
            raise ValueError("it holds more lists than it should")
        return part

    return msgpack.unpackb(
        body,
        list_hook=count,
        object_hook=count,
        unicode_errors="surrogatepass",
        max_array_len=4 * DEVIATIONS_MAX,
        max_map_len=16,
        max_bin_len=64,
        max_ext_len=0,
    )


def _shaped(value: Any) -> tuple[str, dict[str, Any], bytes, list[str], list[int]]:
    """Return ``value`` if it is what `encode` packs: a stranger may have made it by hand."""
    program, options, fingerprint, names, rows = value
    wrong = (
        not (type(program) is str and "\0" not in program and len(program) <= PROGRAM_LONGEST)
        or not (type(options) is dict and all(type(v) in {int, str} for v in options.values()))
        or type(options.get("entropy", 0)) is not int
        or not (type(fingerprint) is bytes and len(fingerprint) <= 64)
        or not (type(names) is list and all(type(name) is str for name in names))
        or not (type(rows) is list and all(type(n) is int and n >= 0 for n in rows))
        or len(rows) % 4
    )
    if wrong:
        raise ValueError("a part of it is of another kind than it should be")
    return program, options, fingerprint, names, rows


def _body(letters: str) -> bytes:
    strange = re.search(r"[^A-Za-z0-9_-]", letters)
    if strange:
        raise BadSeed(f"damaged seed: {strange[0]!r} at letter {strange.start() + 5} cannot be")
    try:
        raw = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
    except (ValueError, binascii.Error) as error:
        raise BadSeed("truncated seed: its end is missing") from error
    check, packed = raw[:4], raw[4:]
    if len(raw) < 8 or zlib.crc32(packed) != int.from_bytes(check, "big"):
        raise BadSeed("damaged or truncated seed: its checksum does not fit; copy it again, whole")
    try:
        return _inflate(packed)
    except (zlib.error, ValueError) as error:
        raise BadSeed(f"damaged seed: it cannot be unpacked ({error})") from error


def _rows(names: list[str], rows: list[int]) -> Iterator[Deviation]:
    for i in range(0, len(rows), 4):
        kind, at, nth, take = rows[i : i + 4]
        target: str | int = names[take] if KINDS[kind] == "task" else take
        yield Deviation(KINDS[kind], names[at], nth, target)


def _options(settings: Settings) -> Iterator[tuple[str, Any]]:
    names = ("time", "order", "fair_after", "entropy", "runtime", "allow", "knobs", "cancel")
    for name in names:
        yield name, getattr(settings, name)


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_COMMON)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes) -> bytes:
    # a seed is a line of text: what unpacks to more than 16 MB, or to many times itself, is no seed
    unpacker = zlib.decompressobj(-15, zdict=_COMMON)
    out = unpacker.decompress(data, min(1 << 24, max(1 << 16, RATIO_MAX * len(data))))
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("its body does not end where it should")
    return out
