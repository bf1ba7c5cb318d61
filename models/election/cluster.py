"""Raft's election among three: two candidates of one term, and a voter that may lose its power."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from raceexplore import World
from raceexplore.sim.hosts import Disk, Host
from raceexplore.sim.network import Network

TERM = 1
Vote = Callable[[Disk, int, str, Callable[[], None]], Coroutine[Any, Any, None]]


def may_vote(disk: Disk, term: int, candidate: str) -> bool:
    """Return whether a node's vote of this term is free, or this candidate's already."""
    voted = disk.read("term", 0), disk.read("vote")
    return voted[0] != term or voted[1] in {None, candidate}


async def elect(world: World, vote: Vote) -> None:
    """Let two candidates ask the third node for its vote, and cut its power once.

    vote: notes a vote on the disk and calls ``reply`` to give it. Source: Ongaro and Ousterhout,
    "In search of an understandable consensus algorithm", 2014, figure 2: a server is to update its
    storage before it responds.
    """
    network, leaders = Network(world), []
    voter = Host(world, "voter")
    candidates = [Host(world, name) for name in ("ann", "bob")]

    async def serve() -> None:
        while True:
            candidate, term = await network.receive(voter)
            asker = next(host for host in candidates if host.name == candidate)
            reply = partial(network.send, voter, asker, "granted")
            if may_vote(voter.disk, term, candidate):
                await vote(voter.disk, term, candidate, reply)

    async def stand(host: Host) -> None:
        network.send(host, voter, TERM)
        await network.receive(host)
        leaders.append(host.name)  # its own vote and the voter's: two of three

    async def cut_power() -> None:  # the schedule says when
        world.sometimes("the power went after a leader was elected", leaders)
        voter.crash()
        voter.restart()

    world.always("one leader a term", lambda: len(leaders) <= 1)
    voter.run(serve)
    world.spawn(cut_power, name="power cut")
    for host in candidates:
        host.start(stand, host, name="stand")
    await world.sleep(1.0)
