"""Streams of random numbers that start in a microsecond: cheap enough for a run of sixty."""

from __future__ import annotations

from functools import partial
from hashlib import shake_128
from itertools import chain, count
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = Struct("<64I")


def draws(entropy: int, run: int) -> Iterator[int]:
    """Yield numbers below 2**32, for ever, that depend on nothing but the arguments.

    ``next(stream) * bound >> 32`` is an index below ``bound``. Source: SHAKE128 in counter mode;
    a Mersenne Twister takes longer to seed than a short run takes to start.
    """
    # nothing here but C: a generator function would cost one more Python frame a draw
    return chain.from_iterable(map(partial(_block, entropy, run), count()))


def _block(entropy: int, run: int, number: int) -> tuple[int, ...]:
    text = b"%d/%d/%d" % (entropy, run, number)
    return _BLOCK.unpack(shake_128(text).digest(_BLOCK.size))
