"""A seed says what was put into it, or is refused with one clear line; nothing else ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from raceexplore import BadSeed, Deviation, Schedule, Settings
from raceexplore.kernel.seed import Seed, decode, encode

FEW = settings(max_examples=150, derandomize=True, database=None, deadline=None)
words = st.text("abcmain/#_ .:-é", min_size=1, max_size=20).filter(str.strip)
numbers = st.integers(0, 10**6)
deviations = st.one_of(
    st.builds(Deviation, st.just("task"), words, numbers, words),
    st.builds(Deviation, st.sampled_from(["latency", "fault", "data"]), words, numbers, numbers),
)
every_settings = st.builds(
    Settings,
    time=st.sampled_from(["strict", "elastic"]),
    order=st.sampled_from(["any", "passes"]),
    fair_after=st.integers(1, 10**6),
    entropy=st.integers(0, 2**63),
)
SHORT = Schedule(
    (Deviation("task", "main/a#1", 3, "main/b#1"), Deviation("latency", "main/b#1:call", 0, 2))
)
GOOD = encode("models/ticketing/buggy.py:main", Settings(), SHORT, "0123abcd")


@FEW
@given(words, every_settings, st.lists(deviations, max_size=8), st.binary(max_size=8))
def test_a_seed_says_what_was_put_into_it(
    program: str, chosen: Settings, taken: list[Deviation], fingerprint: bytes
) -> None:
    schedule = Schedule(tuple(taken))
    text = encode(program, chosen, schedule, fingerprint.hex())
    assert re.fullmatch(r"rx1-[A-Za-z0-9_-]+", text)
    assert decode(text) == Seed(program, chosen, schedule, fingerprint.hex())
    assert decode(f"  {text}\n") == decode(text)


def test_a_short_schedule_makes_a_short_seed() -> None:
    assert len(GOOD) < 120


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not a raceexplore seed: it starts with '', not with 'rx1-'"),
        ("AXicE2Bg", "not a raceexplore seed: it starts with 'AXicE2Bg', not with 'rx1-'"),
        ("rx2-AAAA", "this seed has format 2, made by a newer raceexplore"),
        ("rx17-" + GOOD[4:], "this seed has format 17, made by a newer raceexplore"),
        ("rx1-", "truncated seed"),
        (GOOD[:-6], "truncated seed: its end is missing"),
        (GOOD[:-5], "damaged or truncated seed: its checksum does not fit"),
        (GOOD[:20] + "x" + GOOD[21:], "damaged or truncated seed: its checksum does not fit"),
        (GOOD[:9] + "*" + GOOD[9:], "damaged seed: '*' at letter 10 cannot be"),
        (GOOD[:30] + "\n" + GOOD[30:], r"damaged seed: '\n' at letter 31 cannot be"),
    ],
)
def test_what_is_wrong_is_named(text: str, line: str) -> None:
    with pytest.raises(BadSeed) as refused:
        decode(text)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 2


@FEW
@given(st.text() | st.text("rx1-AZaz09_-=").map("rx1-".__add__))
@example("rx1-=")
@example("rx1-A")
@example("rx\u0661-AAAA")  # digits of another script
@example("rx1-\0")
def test_any_text_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadSeed) as refused:
        decode(text)
    assert len(str(refused.value).splitlines()) == 1


@FEW
@given(st.data())
def test_a_seed_with_a_change_in_it_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(GOOD) - 2))  # the last letter holds bits that mean nothing
    letter = data.draw(st.sampled_from("ABCxyz0189_-").filter(lambda found: found != GOOD[at]))
    with pytest.raises(BadSeed):
        decode(GOOD[:at] + letter + GOOD[at + 1 :])
