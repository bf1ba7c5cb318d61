"""A seed that a stranger made is read or refused in one line; it never breaks the reader."""

from __future__ import annotations

import base64
import zlib
from contextlib import suppress
from random import Random
from typing import Any

import msgpack
import pytest

from raceexplore import BadSeed
from raceexplore.kernel.seed import PREFIX, _deflate, decode

GOOD = ["bank.py:main", {}, b"\1\2\3\4", ["main", "main/a"], [0, 0, 1, 1]]


def forged(packed: bytes) -> str:
    body = _deflate(packed)
    check = zlib.crc32(body).to_bytes(4, "big")
    return PREFIX + base64.urlsafe_b64encode(check + body).rstrip(b"=").decode()


def test_the_forger_of_these_tests_can_make_a_good_seed() -> None:
    assert decode(forged(msgpack.packb(GOOD))).program == "bank.py:main"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 5), (0, ["p"]), (0, "\0"),
        (1, []), (1, {"entropy": {}}), (1, {"entropy": "x"}), (1, {"fair_after": "x"}),
        (1, {"time": 3}), (1, {"unknown": 1}),
        (2, 10**15), (2, "text"), (2, b"x" * 65),
        (3, {}), (3, [[1]]), (3, None),
        (4, [0, 0, 1]), (4, [9, 0, 0, 0]), (4, [0, 5, 0, 0]), (4, [0, 0, 0, 5]), (4, ["x"] * 4),
        (4, [0, 0, -1, 0]), (4, [0, 0, {}, 0]), (4, [3, 0, 0, "x"]),
    ],
)  # fmt: skip
def test_a_part_of_the_wrong_kind_is_refused(place: int, value: Any) -> None:
    parts = [value if i == place else part for i, part in enumerate(GOOD)]
    with pytest.raises(BadSeed, match="its content makes no sense") as caught:
        decode(forged(msgpack.packb(parts)))
    assert len(str(caught.value).splitlines()) == 1


def test_any_change_of_the_packed_bytes_is_read_or_refused() -> None:
    random, packed = Random(1), msgpack.packb(GOOD)
    for _ in range(2_000):
        changed = bytearray(packed)
        for _ in range(random.randint(1, 4)):
            changed[random.randrange(len(changed))] = random.randrange(256)
        with suppress(BadSeed):
            decode(forged(bytes(changed)))
