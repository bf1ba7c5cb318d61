"""What a stub answers: a status, headers and a body, in pieces, late, or broken."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import overload

from raceexplore.sim.http.request import Request
from raceexplore.sim.latency.composed import Weighted
from raceexplore.sim.latency.quantiles import Latency, require

Body = bytes | Callable[[Request], bytes]


class Fault(enum.Enum):
    """How an answer can break; the value is WireMock's name for it.

    RESET: the connection is reset. EMPTY: it is closed with no answer. MALFORMED: status 200, then
    bytes that are no body, then it is closed. GARBAGE: bytes that are no HTTP, then it is closed.
    """

    RESET = "CONNECTION_RESET_BY_PEER"
    EMPTY = "EMPTY_RESPONSE"
    MALFORMED = "MALFORMED_RESPONSE_CHUNK"
    GARBAGE = "RANDOM_DATA_THEN_CLOSE"


@dataclass(frozen=True, slots=True)
class Dribble:
    """A body that comes in ``chunks`` equal parts, the last one with what is left over.

    over_s: seconds that all take; each part comes after its share of them.
    Raises `ValueError` for fewer than one chunk or a negative time.
    """

    chunks: int
    over_s: float

    def __post_init__(self) -> None:
        require(self.chunks >= 1, f"Dribble: chunks must be at least 1, not {self.chunks}")
        require(self.over_s >= 0, f"Dribble: over_s must be 0 or more, not {self.over_s}")

    def parts(self, body: bytes) -> list[bytes]:
        """Return the parts of ``body``."""
        size = len(body) // self.chunks
        cuts = [size * number for number in range(self.chunks)]
        return [body[a:b] for a, b in zip(cuts, [*cuts[1:], len(body)], strict=True)]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    status: the HTTP status.
    headers: pairs, in order.
    body: bytes, or a function that makes them from the request.
    latency: what passes between the request and the answer, further parts of a sum included.
    dribble: how the body comes in pieces; None: at once.
    fault: how the answer breaks, always; None: not.
    faults: pairs of a fault and its probability. A probability of None lets the explorer place the
        fault: each such fault is as likely as none.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = b""
    latency: Latency | None = None
    dribble: Dribble | None = None
    fault: Fault | None = None
    faults: tuple[tuple[Fault, float | None], ...] = ()

    def __post_init__(self) -> None:
        shares = [share for _, share in self.faults if share is not None]
        odd = [share for share in shares if not 0 < share <= 1]
        require(not odd, f"a fault's probability is above 0 and at most 1, not {odd[:1]}")
        require(sum(shares) <= 1, f"the faults' probabilities add up to {sum(shares)}, above 1")
        both = 0 < len(shares) < len(self.faults)
        require(not both, "faults: give each fault a probability, or none of them")

    def filled(self, request: Request) -> bytes:
        """Return the body for ``request``."""
        return self.body(request) if callable(self.body) else self.body


@dataclass(frozen=True, slots=True)
class Faults(Sequence[Fault | None]):
    """Options for `World.pick`: no fault first, then faults so often as ``faults`` says."""

    faults: tuple[tuple[Fault, float | None], ...]
    _steps: Weighted = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rest = 1.0 - sum(share or 0.0 for _, share in self.faults)
        weights = (max(rest, 0.0), *(share or 0.0 for _, share in self.faults))
        object.__setattr__(self, "_steps", Weighted(weights))

    @property
    def _placed(self) -> bool:
        return all(share is None for _, share in self.faults)

    def __len__(self) -> int:
        return 1 + len(self.faults) if self._placed else len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Fault | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[Fault | None]: ...
    def __getitem__(self, index: int | slice) -> Fault | list[Fault | None] | None:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        kind = range(len(self))[index] if self._placed else self._steps[index]
        return self.faults[kind - 1][0] if kind else None
