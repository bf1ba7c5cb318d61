"""The simulated Redis: atomic commands, transactions, blocking, messages, replicas, crashes."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import trio

from raceexplore import World, explore
from raceexplore.sim import Fixed, Unmodelled
from raceexplore.sim.redis import Redis
from raceexplore.sim.redis.native import RELEASE
from simulated import passed, run

Client = Any
Twice = Callable[[Client], Awaitable[None]]


async def get_and_set(client: Client) -> None:
    await client.set("n", int(await client.get("n")) + 1)


async def incr(client: Client) -> None:
    await client.incr("n")


async def watch(client: Client) -> None:
    async with client.pipeline() as pipe:
        while True:
            await pipe.watch("n")
            value = int(await pipe.get("n"))
            pipe.multi()
            pipe.set("n", value + 1)
            try:
                await pipe.execute()
            except redis.WatchError:
                continue
            return


async def transaction(client: Client) -> None:
    async def add(pipe: Client) -> None:
        value = int(await pipe.get("n"))
        pipe.multi()
        pipe.set("n", value + 1)

    await client.transaction(add, "n")


async def script(client: Client) -> None:
    add = client.register_script("redis.call('set', KEYS[1], redis.call('get', KEYS[1]) + 1)")
    await add(keys=["n"])


def counting(add: Twice) -> Callable[[World], Awaitable[None]]:
    async def program(world: World) -> None:
        server = Redis(world)
        await server.client().set("n", 0)
        async with trio.open_nursery() as nursery:
            for name in ("a", "b"):
                nursery.start_soon(add, server.client(decode_responses=True), name=name)
        assert int(await server.client().get("n")) == 2, "an update was lost"

    return program


@pytest.mark.parametrize(
    "add",
    [
        incr,
        script,
        pytest.param(watch, marks=pytest.mark.slow),
        pytest.param(transaction, marks=pytest.mark.slow),
    ],
)
def test_d2_incr_watch_and_a_script_lose_no_update_in_any_interleaving(add: Twice) -> None:
    campaign = explore(counting(add), scheduler="dfs", budget=20_000, stop="never")
    assert campaign.complete  # 20, 2,640, 8,892 and 9,802 schedules
    assert not campaign.failures


@pytest.mark.parametrize("add", [watch, transaction])
def test_d2_watched_keys_lose_no_update_in_200_random_interleavings(add: Twice) -> None:
    assert not explore(counting(add), scheduler="random", budget=200, stop="never").failures


def test_d2_get_then_set_loses_updates() -> None:
    campaign = explore(counting(get_and_set), budget=100)
    assert campaign.failures[0].message.startswith("an update was lost")
    assert campaign.failures[0].run.preemptions == 1


def test_a_transaction_is_one_event_and_a_plain_pipeline_is_several() -> None:
    def program(whole: bool) -> Callable[[World], Awaitable[None]]:
        async def body(world: World) -> None:
            server = Redis(world)
            seen: list[list[Any]] = []

            async def write() -> None:
                pipe = server.client().pipeline(transaction=whole)
                await pipe.set("a", 1).set("b", 1).execute()

            async def read() -> None:
                seen.append(await server.client().mget("a", "b"))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(write)
                nursery.start_soon(read)
            assert seen[0].count(None) != 1, "half of the transaction was seen"

        return body

    assert explore(program(whole=False), budget=200).failures
    campaign = explore(program(whole=True), scheduler="dfs", budget=20_000, stop="never")
    assert campaign.complete
    assert not campaign.failures


def test_the_longest_waiting_client_gets_the_element_that_comes() -> None:
    async def program(world: World) -> None:
        server, got = Redis(world), []

        async def pop(name: str) -> None:
            got.append((name, await server.client(decode_responses=True).blpop(["q"], timeout=9)))

        async with trio.open_nursery() as nursery:
            for name in ("first", "second"):
                nursery.start_soon(pop, name)
                await trio.sleep(1)
            await server.client().rpush("q", "one", "two")
        assert got == [("first", ("q", "one")), ("second", ("q", "two"))]

    passed(program)


def test_a_blocking_pop_gives_up_in_virtual_time_and_waits_for_ever_with_0() -> None:
    async def gives_up(world: World) -> None:
        assert await Redis(world).client().brpop("q", timeout=3) is None
        assert world.now() == 3.0

    async def waits(world: World) -> None:
        await Redis(world).client().blpop("q", timeout=0)

    passed(gives_up)
    failure = run(waits).failure
    assert failure is not None
    assert failure.kind == "deadlock"
    assert [wait.what for wait in failure.waits] == ["redis: BLPOP q"]


def test_a_cancelled_pop_takes_no_element() -> None:
    async def program(world: World) -> None:
        client = Redis(world).client(decode_responses=True)
        with trio.move_on_after(1):
            await client.blpop("q", timeout=0)
        await client.rpush("q", "x")
        assert await client.lrange("q", 0, -1) == ["x"]

    passed(program)


def test_a_message_reaches_only_who_listens_at_that_moment() -> None:
    async def program(world: World) -> None:
        client = Redis(world).client(decode_responses=True)
        assert await client.publish("news", "early") == 0
        async with client.pubsub(ignore_subscribe_messages=True) as subscriber:
            await subscriber.subscribe("news")
            await subscriber.psubscribe("n[a-f]*")
            assert await client.publish("news", "now") == 2
            kinds = []
            while len(kinds) < 2:
                message = await subscriber.get_message(timeout=1)
                if message:
                    kinds.append((message["type"], message["pattern"], message["data"]))
            assert kinds == [("message", None, "now"), ("pmessage", "n[a-f]*", "now")]
            await subscriber.unsubscribe()
            await subscriber.punsubscribe()
            assert not subscriber.subscribed

    passed(program)


def test_keys_expire_by_the_clock_of_their_own_server() -> None:
    async def program(world: World) -> None:
        server = Redis(world)
        client = server.client(decode_responses=True)
        await client.set("k", "v", px=5_000)
        await trio.sleep(4)
        assert await client.get("k") == "v"
        server.master.jump_clock(2)
        assert await client.get("k") is None
        await client.set("k", "v", ex=5)
        assert await client.pttl("k") == 5_000

    passed(program)


def test_latency_passes_half_before_the_command_and_half_after() -> None:
    async def program(world: World) -> None:
        server = Redis(world, latency=Fixed(2.0))
        seen: list[float] = []

        async def look() -> None:
            client = Redis.client(server)
            server.latency = None
            while not await client.exists("k"):
                await world.sleep(0.25)
            seen.append(world.now())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.client().set, "k", 1)
            await trio.sleep(0.5)
            nursery.start_soon(look)
        assert (seen, world.now()) == ([1.0], 2.0)

    passed(program)


def test_what_is_not_modelled_is_refused_by_name() -> None:
    async def program(world: World) -> None:
        await Redis(world).client().execute_command("CLUSTER", "INFO")

    with pytest.raises(Unmodelled, match="Redis: CLUSTER is not simulated"):
        run(program)


def test_the_release_of_a_lock_needs_no_lua_and_answers_as_lua_does() -> None:
    other = RELEASE.replace(" then", "  then")  # Lua's

    async def program(world: World) -> None:
        client = Redis(world).client(decode_responses=True)
        answers = []
        for script in (RELEASE, other):
            await client.set("lock", "mine", px=1000)
            given = [await client.eval(script, 1, "lock", "yours")]
            given += [await client.eval(script, 1, "lock", "mine") for _ in range(2)]
            async with client.pipeline() as pipe:
                pipe.set("lock", "mine")
                pipe.eval(script, 1, "lock", "mine")
                given.append(await pipe.execute())
            await client.rpush("list", "x")
            with pytest.raises(redis.ResponseError) as wrong:
                await client.eval(script, 1, "list", "mine")
            given.append(str(wrong.value).partition("script")[0])
            sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
            given.append(await client.evalsha(sha, 1, "lock", "mine"))
            answers.append(given)
        assert answers[0] == answers[1]
        assert answers[0][:4] == [0, 1, 0, [True, 1]]

    passed(program)


def test_a_watched_key_that_runs_out_of_time_has_changed() -> None:
    async def program(world: World) -> None:
        client: Any = Redis(world).client()
        await client.set("n", 1, px=50)
        async with client.pipeline() as pipe:
            await pipe.watch("n", "ghost")
            await world.sleep(0.1)
            pipe.multi()
            pipe.set("n", 2)
            with pytest.raises(redis.WatchError):
                await pipe.execute()
            await pipe.watch("n", "ghost")  # neither is there: nothing can run out
            pipe.multi()
            pipe.set("n", 2)
            assert await pipe.execute() == [True]

    passed(program)


def test_a_key_of_another_kind_is_nothing_that_a_blocked_client_gets() -> None:
    async def program(world: World) -> None:
        server = Redis(world)
        client: Any = server.client(decode_responses=True)
        got = []

        async def pop() -> None:
            got.append(await server.client(decode_responses=True).blpop(["a", "b"], timeout=5))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pop)
            await world.sleep(1)
            await client.set("a", "text")
            await client.rpush("b", "x")
        assert got == [("b", "x")]

    passed(program)


def test_an_error_in_a_pipeline_names_its_command_as_redis_py_does() -> None:
    async def program(world: World) -> None:
        client: Any = Redis(world).client()
        await client.set("c", "x")
        with pytest.raises(redis.ResponseError, match=r"Command # 1 \(INCRBY c 1\) of pipeline"):
            await client.pipeline().incr("c").execute()
        refused = client.pipeline()
        refused.execute_command("GET")
        with pytest.raises(redis.ResponseError, match=r"Command # 1 \(GET\) of pipeline"):
            await refused.execute()

    passed(program)
