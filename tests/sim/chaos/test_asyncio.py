"""Chaos in an asyncio program: what the runtime cannot do is refused, and is no failure."""

from __future__ import annotations

import asyncio

import pytest

from raceexplore import World
from raceexplore.search.chaos.runs import chaos_run
from raceexplore.sim import Unmodelled
from raceexplore.sim.chaos import ChaosPlan, FaultKind, Injection, Ruling, Times
from raceexplore.sim.hosts import Host


async def program(world: World) -> None:
    Host(world, "a")
    await asyncio.sleep(9.5)


def test_a_kill_is_refused() -> None:
    kill = Injection("kill", FaultKind.POD_DELETE, placing=Times(2.0, 3.0))
    with pytest.raises(Unmodelled, match="kill: crashes are not simulated under asyncio"):
        chaos_run(program, ChaosPlan(faults=(kill,)))


def test_a_pause_is_not() -> None:
    pause = Injection("pause", FaultKind.PAUSE, placing=Times(2.0, 3.0))
    assert chaos_run(program, ChaosPlan(faults=(pause,))).ruling is Ruling.PASS
