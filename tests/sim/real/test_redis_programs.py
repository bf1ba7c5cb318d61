"""The same programs on a real Redis: its commands, the run's clock, databases of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
import trio

from raceexplore import World, explore
from raceexplore.search.corpus.replay import replay_seed
from raceexplore.search.programs.load import load_program
from raceexplore.sim.real import servers
from raceexplore.sim.real.trouble import ServerTrouble
from raceexplore.sim.redis import Redis
from simulated import passed

MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.mark.parametrize("model", ["cache_aside", "cache_stampede", "rate_limiter"])
def test_a_race_that_the_simulator_finds_is_there_on_the_real_server(
    redis_url: str, model: str
) -> None:
    program = load_program(str(MODELS / model / "buggy.py"))
    found = explore(program, explain=False).failures[0]
    with servers(redis=redis_url) as real:
        replayed = replay_seed(found.run.seed, program)
    assert real.names[0].startswith("Redis ")
    assert replayed.reproduced


def test_a_fix_holds_on_the_real_server(redis_url: str) -> None:
    with servers(redis=redis_url):
        campaign = explore(load_program(str(MODELS / "redlock_update/fixed.py")), budget=25)
    assert (campaign.failures, campaign.runs) == ((), 25)


def test_keys_expire_by_the_run_s_clock_and_no_earlier(redis_url: str) -> None:
    async def program(world: World) -> None:
        client = Redis(world).client(decode_responses=True)
        await client.set("lock", "a", px=50)  # longer than the real server takes to forget it
        await client.set("day", "b", ex=86_400)
        await trio.sleep(0.0495)
        assert await client.get("lock") == "a"
        assert await client.pttl("day") == 86_399_951  # of 86,399,950.5
        await trio.sleep(0.0005)
        assert await client.get("lock") is None
        assert await client.ttl("lock") == -2
        script = "return redis.call('expire', KEYS[1], ARGV[1])"
        assert await client.eval(script, 1, "day", 60) == 1
        await trio.sleep(59)
        assert await client.ttl("day") == 1
        assert await client.persist("day") == 1
        await trio.sleep(59)
        assert (await client.get("day"), await client.ttl("day")) == ("b", -1)
        with pytest.raises(redis.exceptions.NoScriptError):
            await client.evalsha("0" * 40, 0)

    with servers(redis=redis_url):
        for _ in range(2):  # a script that the server knows from before is as unknown as ever
            passed(program)


def test_transactions_watched_keys_and_blocking_pops_work(redis_url: str) -> None:
    async def program(world: World) -> None:
        server, got = Redis(world), []
        one, two = (server.client(decode_responses=True) for _ in range(2))

        async def pop() -> None:
            got.append(await two.blpop("list"))

        async with one.pipeline() as pipe:
            await pipe.watch("n")
            pipe.multi()
            pipe.incr("n")
            pipe.set("m", 7, ex=10)
            assert await pipe.execute() == [1, True]
        async with one.pipeline() as pipe:
            await pipe.watch("n")
            await two.incr("n")
            pipe.multi()
            pipe.incr("n")
            with pytest.raises(redis.WatchError):
                await pipe.execute()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pop)
            await trio.sleep(1)
            await one.rpush("list", "x")
        assert got == [("list", "x")]
        with pytest.raises(redis.ResponseError, match="wrong kind of value"):
            await one.incr("list2") and await one.lpush("list2", 1)

    with servers(redis=redis_url):
        passed(program)


def test_only_an_empty_database_is_used_and_it_is_empty_afterwards(redis_url: str) -> None:
    async def program(world: World) -> None:
        client = Redis(world).client()
        assert await client.dbsize() == 0
        await client.set("ours", 1)

    with redis.Redis.from_url(redis_url) as mine:
        mine.set("mine", 1)
        with servers(redis=redis_url):
            passed(program)
        assert mine.keys() == [b"mine"]
        assert list(mine.info("keyspace")) == ["db0"]
        mine.flushdb()


def test_a_server_with_no_empty_database_is_refused(redis_url: str) -> None:
    with redis.Redis.from_url(f"{redis_url}/15") as last:
        last.set("mine", 1)
        with (
            pytest.raises(ServerTrouble, match="no empty database"),
            servers(redis=f"{redis_url}/15"),
        ):
            pass
        last.flushdb()


def test_a_server_that_goes_is_no_failure_of_the_program(redis_url: str) -> None:
    other = redis.Redis.from_url(redis_url, single_connection_client=True)
    other.ping()  # a run opens no real socket

    async def program(world: World) -> None:
        client = Redis(world).client()
        await client.set("a", 1)
        other.client_kill_filter(skipme=True)
        await client.set("a", 2)

    with (
        other,
        servers(redis=redis_url),
        pytest.raises(ServerTrouble, match="the real Redis has gone"),
    ):
        passed(program)
    with redis.Redis.from_url(redis_url) as mine:  # the server is there: only we were sent away
        mine.flushdb()
