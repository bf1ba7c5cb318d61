"""D1: drawn command sequences get the same answers from the simulation and from a real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
import redis

from raceexplore import World
from raceexplore.sim.redis import Redis
from servers import redis_server
from simulated import passed

Command = tuple[object, ...]

SEQUENCES = 2_000
KEYS = ("a", "b", "c")
OPTIONS: list[Command] = [(), ("NX",), ("XX",), ("GET",), ("PX", 100_000), ("KEEPTTL",)]
MEMBERS = ("x", "y", "z", "10", "2")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with (
        redis_server(tmp_path_factory.mktemp("redis")) as port,
        redis.Redis(port=port, decode_responses=True) as client,
    ):
        yield client


def strings(random: Random) -> list[Command]:
    key, value = random.choice(KEYS), random.choice(MEMBERS)
    return [
        ("SET", key, value, *random.choice(OPTIONS)),
        ("GET", key), ("GETSET", key, value), ("GETDEL", key), ("APPEND", key, value),
        ("STRLEN", key), ("GETRANGE", key, random.randint(-3, 3), random.randint(-3, 3)),
        ("SETRANGE", key, random.randint(0, 4), value), ("INCR", key), ("DECR", key),
        ("INCRBY", key, random.randint(-5, 5)), ("DECRBY", key, 3),
        ("INCRBYFLOAT", key, random.choice([0.5, -1.25, 3])), ("SETNX", key, value),
        ("MSET", "a", value, "b", 1), ("MSETNX", "b", value, "c", value), ("MGET", *KEYS),
        ("SETBIT", key, 3, 1), ("GETBIT", key, 3), ("BITCOUNT", key),
    ]  # fmt: skip


def generic(random: Random) -> list[Command]:
    key, other = random.choice(KEYS), random.choice(KEYS)
    return [
        ("DEL", key, other), ("EXISTS", key, other), ("TYPE", key), ("RENAME", key, other),
        ("RENAMENX", key, other), ("EXPIRE", key, 1_000), ("PERSIST", key), ("EXISTS", key),
        ("EXPIRE", key, *random.choice([(1_000, "NX"), (1_000, "XX"), (2_000, "GT"), (500, "LT")])),
        ("COPY", key, other),
        ("DBSIZE",), ("UNLINK", key), ("EXPIRE", key, -1),
    ]  # fmt: skip


def hashes(random: Random) -> list[Command]:
    key, field = random.choice(KEYS), random.choice(MEMBERS)
    return [
        ("HSET", key, field, 1, "f", "v"), ("HGET", key, field), ("HDEL", key, field, "f"),
        ("HGETALL", key), ("HLEN", key), ("HEXISTS", key, field), ("HINCRBY", key, field, 2),
        ("HSETNX", key, field, 5), ("HMGET", key, field, "f"), ("HINCRBYFLOAT", key, field, 0.5),
    ]  # fmt: skip


def lists(random: Random) -> list[Command]:
    key, other, value = random.choice(KEYS), random.choice(KEYS), random.choice(MEMBERS)
    return [
        ("LPUSH", key, value, 1), ("RPUSH", key, value), ("LPOP", key), ("RPOP", key, 2),
        ("LLEN", key), ("LRANGE", key, 0, -1), ("LINDEX", key, random.randint(-2, 2)),
        ("LSET", key, random.randint(-2, 2), value), ("LREM", key, random.randint(-1, 1), value),
        ("LINSERT", key, "BEFORE", value, "new"), ("LTRIM", key, 0, 1), ("RPUSHX", key, value),
        ("LMOVE", key, other, "LEFT", "RIGHT"), ("RPOPLPUSH", key, other), ("LPOS", key, value),
    ]  # fmt: skip


def sets(random: Random) -> list[Command]:
    key, other, member = random.choice(KEYS), random.choice(KEYS), random.choice(MEMBERS)
    return [
        ("SADD", key, member, "m"), ("SREM", key, member), ("SCARD", key),
        ("SISMEMBER", key, member), ("SMEMBERS", key), ("SINTER", key, other),
        ("SUNION", key, other), ("SDIFF", key, other),
        ("SMOVE", key, other, member), ("SINTERSTORE", "c", key, other),
        ("SMISMEMBER", key, member, "m"),
        ("SUNIONSTORE", "c", key, other),
    ]  # fmt: skip


def sorted_sets(random: Random) -> list[Command]:
    key, member, score = random.choice(KEYS), random.choice(MEMBERS), random.randint(-3, 3)
    return [
        ("ZADD", key, score, member, 1, "m"), ("ZSCORE", key, member), ("ZREM", key, member),
        ("ZADD", key, random.choice(["NX", "XX", "GT", "LT", "CH"]), score, member),
        ("ZCARD", key), ("ZCOUNT", key, "-inf", 2), ("ZRANGE", key, 0, -1),
        ("ZREVRANGE", key, 0, 1), ("ZRANGEBYSCORE", key, "(0", "+inf"), ("ZRANK", key, member),
        ("ZREVRANK", key, member), ("ZINCRBY", key, score, member), ("ZPOPMIN", key),
        ("ZPOPMAX", key, 2),
        ("ZREMRANGEBYRANK", key, 0, 0), ("ZREMRANGEBYSCORE", key, 1, 2),
        ("ZUNIONSTORE", "c", 2, "a", "b"), ("ZINTERSTORE", "c", 2, "a", "b", "WEIGHTS", 1, 2),
    ]  # fmt: skip


SCRIPTS = (
    "return redis.call('incr', KEYS[1])",
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
    "return {1, 'two', {3}, redis.call('exists', KEYS[1])}",
    "return redis.pcall('lpush', KEYS[1], ARGV[1])",
)


def scripts(random: Random) -> list[Command]:
    return [("EVAL", script, 1, random.choice(KEYS), random.choice(MEMBERS)) for script in SCRIPTS]


KINDS: tuple[Callable[[Random], list[Command]], ...] = (
    strings, generic, hashes, lists, sets, sorted_sets, scripts,
)  # fmt: skip


def sequence(number: int) -> list[tuple[Command, ...]]:
    """Return some steps: one command, or several of one transaction."""
    random = Random(number)
    kinds = [generic, *random.sample(KINDS, 2)]
    steps = []
    for _ in range(random.randint(3, 12)):
        size = random.choice((1, 1, 1, 3))
        steps.append(tuple(random.choice(random.choice(kinds)(random)) for _ in range(size)))
    return steps


def answered(answer: object) -> object:
    """Return an answer that can be compared: an error by its kind and words.

    To an error in a script a real server adds the script's hash and line; that is left out.
    """
    if isinstance(answer, Exception):
        return type(answer).__name__, str(answer).partition(" script: ")[0]
    return answer


def real_answers(client: redis.Redis, steps: list[tuple[Command, ...]]) -> list[object]:
    client.flushall()
    answers: list[object] = []
    for step in steps:
        try:
            if len(step) == 1:
                answers.append(answered(client.execute_command(*step[0])))
                continue
            pipe = client.pipeline()
            for each in step:
                pipe.execute_command(*each)
            answers += map(answered, pipe.execute(raise_on_error=False))
        except redis.RedisError as error:
            answers.append(answered(error))
    return answers


def simulated_answers(steps: list[tuple[Command, ...]]) -> list[object]:
    answers: list[object] = []

    async def program(world: World) -> None:
        client: Any = Redis(world).client(decode_responses=True)
        for step in steps:
            try:
                if len(step) == 1:
                    answers.append(answered(await client.execute_command(*step[0])))
                    continue
                pipe = client.pipeline()
                for each in step:
                    pipe.execute_command(*each)
                answers.extend(map(answered, await pipe.execute(raise_on_error=False)))
            except redis.RedisError as error:
                answers.append(answered(error))

    passed(program)
    return answers


def test_d1_drawn_sequences_have_the_same_answers_on_both(real: redis.Redis) -> None:
    different = []
    for number in range(SEQUENCES):
        steps = sequence(number)
        expected, got = real_answers(real, steps), simulated_answers(steps)
        if expected != got:
            different.append(
                (number, [p for p in zip(steps, expected, got, strict=False) if p[1] != p[2]][:1])
            )
    print(f"{len(different)} of {SEQUENCES} sequences differ")
    assert different[:3] == []
