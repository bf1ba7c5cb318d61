"""What simulated services cost: a statement above its events, a quiet run of each model, a load.

python benchmarks/sim.py [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

from raceexplore import Limits, Replay, World, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program
from raceexplore.sim.http import Request, Stub
from raceexplore.sim.load import Invocation, Load, inject
from raceexplore.sim.postgres import AsyncConnection, Postgres
from raceexplore.sim.redis import Redis

ROOT = Path(__file__).parents[1]
SCHEMA = """
CREATE TABLE event (id int PRIMARY KEY, stock int NOT NULL);
INSERT INTO event VALUES (1, 1000000);
"""
STATEMENTS = {
    "SELECT by key": "SELECT stock FROM event WHERE id = %s",
    "SELECT by key FOR UPDATE": "SELECT stock FROM event WHERE id = %s FOR UPDATE",
    "UPDATE by key": "UPDATE event SET stock = stock - 1 WHERE id = %s",
}
COUNT = 200
COMMANDS = ("GET", "SET", "INCR")
STORIES = (
    "bank_transfer", "cache_aside", "cache_stampede", "connection_pool", "double_charge",
    "failover_lock", "job_queue", "leader_lease", "rate_limiter", "redlock_update",
    "stub_scenario", "ticket_shop",
)  # fmt: skip
Client = Callable[[World, AsyncConnection], Awaitable[None]]


def cost(client: Client) -> float:
    """Return the CPU seconds of a quiet run of ``client``, with a connection."""

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        async with db.connection(autocommit=True) as conn:
            await client(world, conn)

    return quiet(program)


def quiet(program: Any) -> float:
    """Return the CPU seconds of one run of the default schedule."""
    scheduler = Replay()
    scheduler.begin()
    started = time.process_time()
    run = run_once(program, scheduler, limits=Limits(steps=10_000_000))
    spent = time.process_time() - started
    assert run.outcome == "passed", run.failure
    return spent


def above_the_event(text: str) -> float:
    """Return the microseconds of one statement above two bare events, as many as it has."""

    async def statements(world: World, conn: AsyncConnection) -> None:
        for _ in range(COUNT):
            await conn.execute(text, (1,))

    async def events(world: World, conn: AsyncConnection) -> None:
        for _ in range(2 * COUNT):
            await world.checkpoint()

    return (cost(statements) - cost(events)) / COUNT * 1e6


async def minute_of_load(world: World) -> None:
    """Ask a stub 1,000 times a second, for a minute of virtual time."""
    stub = Stub(world, "prices", journal=False).on("GET", "/price").reply(200, b"42")
    price = Request("GET", "/price")

    async def visit(request: Invocation) -> None:
        assert (await stub.answer(price)).status == 200

    report = await Load(world, [inject(1_000, 1.0, 60.0, "even")]).run(visit)
    assert report.of("visit").count == 60_000


def of_redis(command: str) -> float:
    """Return the microseconds of one command above two bare events, as many as it has."""

    async def commands(world: World) -> None:
        client = Redis(world).client()
        await client.set("n", 1)
        for _ in range(COUNT):
            if command == "SET":
                await client.set("n", 2)
            else:
                await getattr(client, command.lower())("n")

    async def events(world: World) -> None:
        await Redis(world).client().set("n", 1)
        for _ in range(2 * COUNT):
            await world.checkpoint()

    return (quiet(commands) - quiet(events)) / COUNT * 1e6


def rows(rounds: int) -> list[dict[str, object]]:
    """Measure everything ``rounds`` times; the medians."""
    found: list[dict[str, object]] = []
    with guarded():
        for name, text in STATEMENTS.items():
            above_the_event(text)
            microseconds = median(above_the_event(text) for _ in range(rounds))
            found.append({"name": name, "unit": "us", "value": round(microseconds, 1)})
        for name in COMMANDS:
            of_redis(name)
            microseconds = median(of_redis(name) for _ in range(rounds))
            found.append({"name": f"Redis {name}", "unit": "us", "value": round(microseconds, 1)})
        for story in STORIES:
            for path in sorted((ROOT / "models" / story).glob("*.py")):
                if path.name.startswith(("buggy", "fixed", "wrong_fix")):
                    program = load_program(str(path))
                    quiet(program)
                    milliseconds = median(quiet(program) for _ in range(rounds)) * 1e3
                    name = f"{story}/{path.name}"
                    found.append({"name": name, "unit": "ms", "value": round(milliseconds, 2)})
        seconds = round(quiet(minute_of_load), 2)
        found.append({"name": "a minute of 1,000 requests/s", "unit": "s", "value": seconds})
    return found


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = rows(options.rounds)
    if options.json:
        json.dump({"rows": found}, sys.stdout)
        return
    print("One statement or command above its two events; a quiet run of each model (CPU time)")
    for row in found:
        print(f"{row['name']:<44} {row['value']:>8} {row['unit']}")


if __name__ == "__main__":
    main()
