"""What becomes of many callers that all retry after the time that a LOCK_HELD error tells them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from statistics import fmean

CALLERS, RETRIES, HOLD_S, JITTER, ROUNDS = 8, 3, 1.0, 0.5, 1000


@dataclass(frozen=True, slots=True)
class Herd:
    """Means over rounds. failed: callers whose last try met the lock. retries: for each success."""

    failed: float
    retries: float


def herd(retry_s: float, *, jitter: float, entropy: int = 0) -> Herd:
    """Let 8 callers come at once, each of which holds the lock for 1 s, and retries 3 times.

    jitter: the share of ``retry_s`` by which a wait is longer or shorter, uniformly.
    """
    draw = Random(entropy)
    rounds = [_round(draw, retry_s, jitter) for _ in range(ROUNDS if jitter else 1)]
    done = [CALLERS - failed for failed, _ in rounds]
    return Herd(fmean(f for f, _ in rounds), sum(r for _, r in rounds) / max(sum(done), 1))


def _round(draw: Random, retry_s: float, jitter: float) -> tuple[int, int]:
    """Return how many callers fail, and how many retries there were."""
    tries = [(0.0, nth, 0) for nth in range(CALLERS)]
    free_s, failed, retries = 0.0, 0, 0
    while tries:
        tries.sort()
        now_s, nth, tried = tries.pop(0)
        if now_s >= free_s:
            free_s = now_s + HOLD_S
        elif tried == RETRIES:
            failed += 1
        else:
            retries += 1
            wait_s = retry_s * (1 + jitter * draw.uniform(-1, 1))
            tries.append((now_s + wait_s, nth, tried + 1))
    return failed, retries


def sentences(retry_s: float) -> tuple[str, str]:
    """Return what to tell who calls the tool: with waits as they are told, and with jitter."""
    plain, spread = herd(retry_s, jitter=0.0), herd(retry_s, jitter=JITTER)
    told = (
        f"{CALLERS} callers at once hold the lock for {HOLD_S:g} s each and retry {RETRIES} times"
    )
    return f"{told} after {retry_s:g} s: {_told(plain)}", f"waits spread by 50 %: {_told(spread)}"


def _told(found: Herd) -> str:
    return f"{found.failed:.1f} fail, {found.retries:.1f} retries a success"
