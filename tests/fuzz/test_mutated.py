"""What strangers may have changed: seeds, corpus files and command lines; each ends in one line."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command import Rx
from raceexplore import BadSeed, RaceExploreError
from raceexplore.kernel.choice import Deviation, Schedule
from raceexplore.kernel.program import Settings
from raceexplore.kernel.seed import decode, encode
from raceexplore.kernel.started import started
from raceexplore.pytest_plugin.options import OPTIONS
from raceexplore.pytest_plugin.settings import settled
from raceexplore.search.corpus.entry import read

CALLS_MAX = 2_000_000  # of functions, about 2 s on an idle machine; no clock is asked
MEMORY_KB = 300 << 10  # that all of it may add to what the process has used before
SHORT = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(SHORT, max_examples=5_000, database=None)
# How many blocks of these: 200,000 in all. Hypothesis keeps all that a test draws until it ends.
BLOCKS = {
    "test_many_mutated_seeds": 20,
    "test_many_mutated_corpus_files": 8,
    "test_many_command_lines": 3,
    "test_many_project_files": 3,
    "test_many_ini_keys": 6,
}
names = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=60)
deviations = st.lists(
    st.one_of(
        st.builds(Deviation, st.just("task"), names, st.integers(0, 10**6), names),
        st.builds(Deviation, st.just("data"), names, st.integers(0, 99), st.integers(1, 2**40)),
    ),
    max_size=20,
)
settings_of_runs = st.builds(Settings, entropy=st.integers(-(2**63), 2**64 - 1))
seeds = st.builds(
    encode,
    names,
    settings_of_runs,
    deviations.map(Schedule),
    st.binary(max_size=8).map(bytes.hex),
)


def mutated(text: str, edits: list[tuple[int, str]]) -> str:
    """Return ``text`` with a letter exchanged, put in or taken out at some places."""
    letters = list(text)
    for place, letter in edits:
        at = place % (len(letters) + 1)
        letters[at : at + place % 3] = letter
    return "".join(letters)


edits = st.lists(st.tuples(st.integers(0, 10**6), st.text(max_size=2)), max_size=6)


class TooMuch(BaseException):
    """Some work has called more functions than it may."""


@contextmanager
def bounded(most: int = CALLS_MAX) -> Iterator[None]:
    """End the block if it calls more than so many functions, of Python's or of C's."""
    count = 0
    before = sys.getprofile()

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}
        if count > most:
            raise TooMuch

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)


def is_told_in_a_line(work: Any, family: type[Exception] = BadSeed) -> None:
    """Do ``work``: it may raise an error of ``family``, in a line, and must not do much."""
    try:
        with bounded():
            work()
    except family as error:
        assert str(error)  # noqa: PT017 it may be raised, or not


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a long test be several, each of a block of examples."""
    blocks = BLOCKS.get(str(metafunc.definition.originalname))
    if blocks is not None:
        metafunc.fixturenames.append("block")
        metafunc.parametrize("block", range(blocks), indirect=True)


@pytest.fixture
def block(record_property: Any) -> Iterator[None]:
    """Assert that a block of examples takes little memory, and print how much there is."""
    before = resident_most_kb()
    yield
    after = resident_most_kb()
    assert after - before < MEMORY_KB
    record_property("printed", f"at most {after >> 10} MB so far")


def resident_most_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_what_does_too_much_is_noticed() -> None:
    with pytest.raises(TooMuch), bounded(1_000):
        [len("") for _ in range(2_000)]


@SHORT
@given(program=names, chosen=settings_of_runs, found=deviations)
def test_what_is_encoded_can_be_decoded(program: str, chosen: Settings, found: list[Any]) -> None:
    seed = decode(encode(program, chosen, Schedule(found), "0badc0de"))
    assert (seed.program, seed.settings, seed.fingerprint) == (program, chosen, "0badc0de")
    assert seed.schedule == Schedule(found)


def seeds_hold(text: str, changes: list[tuple[int, str]]) -> None:
    is_told_in_a_line(lambda: decode(mutated(text, changes)))


test_a_mutated_seed_is_told_in_a_line = SHORT(given(text=seeds, changes=edits)(seeds_hold))
test_many_mutated_seeds = pytest.mark.slow(LONG(given(text=seeds, changes=edits)(seeds_hold)))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
ENTRY = {
    "version": 1, "program": "x.py:main", "kind": "K", "message": "m", "fingerprint": "0badc0de",
    "digest": "", "source_digest": "", "python": "3", "trio": "0", "raceexplore": "0",
    "hash_probe": 1, "found_at": "", "max_steps": 5, "site": "", "tasks": [], "pins": [],
    "orders": [],
}  # fmt: skip
fields = st.dictionaries(st.sampled_from([*ENTRY, "seed", "other"]), values, max_size=3)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "entry.json"


def entries_hold(
    file: Path, seed: str, changed: dict[str, Any], changes: list[tuple[int, str]]
) -> None:
    text = mutated(json.dumps({**ENTRY, "seed": seed, **changed}), changes)
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    is_told_in_a_line(lambda: read(file))


drawn = given(seed=seeds, changed=fields, changes=edits)
test_a_mutated_corpus_file_is_told_in_a_line = SHORT(drawn(entries_hold))
test_many_mutated_corpus_files = pytest.mark.slow(LONG(drawn(entries_hold)))

WORDS = [
    "run", "replay", "report", "corpus", "add", "list", "show", "what-if", "doctor", "new", "prove",
    "ok.py", "ok.py:main", "nope.py", "--jobs", "--budget", "--entropy", "--wall-limit", "1", "2",
    "-1", "nan", "inf", "9" * 5000, "rx1-", "--html", "x.html", "--format", "json", "--as", "k",
    "\x1b[31m", "\ud800", "", "a" * 300, "--scheduler", "pct:depth=", "--time-limit", "0.1",
    "--max-steps", "10", "-j", "auto", "--observe", "os", "::", ":", "--order", "passes",
]  # fmt: skip
OK = "async def main():\n    pass\n"
lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7)


def command_holds(rx: Rx, words: list[str]) -> None:
    before = started.runs
    ended = rx(*words, ok=OK)
    assert ended.status in {0, 1, 2, 3, 4, 74}, (words, ended)
    assert "Traceback" not in ended.err
    assert not any(c in ended.out + ended.err for c in "\x1b\x07")
    assert started.runs - before < 12_000  # the budget is 10,000


@settings(SHORT, max_examples=60)
@given(words=lines)
def test_a_command_line_of_any_words_is_told_in_a_line(rx: Rx, words: list[str]) -> None:
    command_holds(rx, words)


@pytest.mark.slow
@LONG
@given(words=lines)
def test_many_command_lines(rx: Rx, words: list[str]) -> None:
    command_holds(rx, words)


LINES = [
    "[tool.raceexplore]", "[tool]", "[tool.raceexplore.time]", "budget = 3", "budget = -1",
    "jobs = 'auto'",
    "jobs = 2", "time = 'strict'", "order = 3", "observe = ['os']", "observe = [[]]",
    "corpus = ''",
    "corpus = '\\u0000'", "entropy = " + "9" * 400, "scheduler = 'pct:depth=x'", "= =", "\x1b",
    "budget = nan",
    "corpus = 'a/../../b'", "tool = 5", "raceexplore = 5", "budget = 1979-05-27",
    "jobs = '" + "9" * 5000 + "'",
]  # fmt: skip


def project_holds(rx: Rx, text: str) -> None:
    (Path.cwd() / "pyproject.toml").write_text(text, encoding="utf-8", errors="surrogatepass")
    ended = rx("run", "ok.py", "--budget", "1", ok=OK)
    assert ended.status in {0, 2, 3}, (text, ended)
    assert ended.err.count("\n") <= 1
    assert not any(c in ended.out + ended.err for c in "\x1b\x07")


projects = given(
    st.builds(mutated, st.lists(st.sampled_from(LINES), max_size=6).map("\n".join), edits)
)


@settings(SHORT, max_examples=60)
@projects
def test_a_project_file_of_any_lines_is_told_in_a_line(rx: Rx, text: str) -> None:
    project_holds(rx, text)


@pytest.mark.slow
@LONG
@projects
def test_many_project_files(rx: Rx, text: str) -> None:
    project_holds(rx, text)


TEXTS = ["", "1", "-1", "0", "nan", "9" * 5000, "strict", "any", "auto", "none", "os", "²",
         "٣", "\0",          "pct:depth=3", "random", "1e400", "trio", "a,b", " "]  # fmt: skip
ini = st.dictionaries(
    st.sampled_from([*OPTIONS, "steps", "wall_s", "other"]), st.sampled_from(TEXTS) | values
)


def ini_holds(asked: dict[str, Any], own: dict[str, Any]) -> None:
    is_told_in_a_line(lambda: settled({}, own, asked), RaceExploreError)


test_ini_keys_of_any_values_are_told_in_a_line = SHORT(given(asked=ini, own=ini)(ini_holds))
test_many_ini_keys = pytest.mark.slow(LONG(given(asked=ini, own=ini)(ini_holds)))


@pytest.mark.parametrize("size", [10_000, 300_000, 1_000_000])
def test_a_seed_that_unpacks_to_very_much_is_refused_cheaply(size: int) -> None:
    import base64
    import zlib

    from raceexplore.kernel.seed import _COMMON

    before = resident_most_kb()
    body = b"\x95\xa1x\x80\xc4\x00\x90\xdd" + size.to_bytes(4, "big") + b"\x90" * size
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_COMMON)
    packed = packer.compress(body) + packer.flush()
    check = zlib.crc32(packed).to_bytes(4, "big")
    text = "rx1-" + base64.urlsafe_b64encode(check + packed).rstrip(b"=").decode()
    with pytest.raises(BadSeed):
        decode(text)
    assert resident_most_kb() - before < MEMORY_KB


def test_what_is_no_name_of_a_package_is_told_as_such() -> None:
    with pytest.raises(RaceExploreError, match="None cannot be observed: it is not the name of"):
        settled({}, {"observe": [None]}, {})
    with pytest.raises(RaceExploreError, match="0 is no list of packages to observe"):
        settled({}, {"observe": 0}, {})
