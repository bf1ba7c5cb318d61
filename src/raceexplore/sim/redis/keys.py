"""Which keys each Redis command touches, and whether it can change them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from raceexplore.sim.unmodelled import Unmodelled


class Keys(enum.Enum):
    """Where a command's keys stand among its arguments.

    FIRST: the first. TWO: the first two. ALL: each. PAIRS: every other. BUT_LAST: all but the last.
    NONE: nowhere. COUNTED: behind a number of keys, the first argument. DESTINATION: the first, and
    behind a number of keys, the second argument. EVERYTHING: the whole database. CHANNEL: the first
    is no key but a channel.
    """

    FIRST = enum.auto()
    TWO = enum.auto()
    ALL = enum.auto()
    PAIRS = enum.auto()
    BUT_LAST = enum.auto()
    NONE = enum.auto()
    COUNTED = enum.auto()
    DESTINATION = enum.auto()
    EVERYTHING = enum.auto()
    CHANNEL = enum.auto()


# Redis' command reference, 7.0: for each place of the keys, what reads them and what writes them.
READS = {
    Keys.FIRST: """
        GET STRLEN GETRANGE SUBSTR GETBIT BITCOUNT BITPOS TYPE TTL PTTL EXPIRETIME PEXPIRETIME DUMP
        HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN HRANDFIELD
        LLEN LRANGE LINDEX LPOS
        SCARD SISMEMBER SMISMEMBER SMEMBERS SRANDMEMBER SSCAN
        ZSCORE ZMSCORE ZCARD ZCOUNT ZLEXCOUNT ZRANGE ZRANGEBYSCORE ZRANGEBYLEX ZREVRANGE
        ZREVRANGEBYSCORE ZREVRANGEBYLEX ZRANK ZREVRANK ZRANDMEMBER ZSCAN
        XLEN XRANGE XREVRANGE PFCOUNT
    """,
    Keys.ALL: "EXISTS MGET SINTER SUNION SDIFF WATCH",
    Keys.COUNTED: "ZUNION ZINTER ZDIFF ZINTERCARD",
    Keys.EVERYTHING: "KEYS SCAN DBSIZE RANDOMKEY",
    Keys.NONE: """
        PING ECHO TIME SELECT UNWATCH MULTI DISCARD SCRIPT CLIENT INFO COMMAND CONFIG HELLO AUTH
        READONLY READWRITE
    """,
}
WRITES = {
    Keys.FIRST: """
        SET SETEX PSETEX SETNX GETSET GETDEL GETEX APPEND SETRANGE SETBIT INCR INCRBY INCRBYFLOAT
        DECR DECRBY EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RESTORE
        HSET HSETNX HMSET HDEL HINCRBY HINCRBYFLOAT
        LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LSET LINSERT LREM LTRIM
        SADD SREM SPOP ZADD ZINCRBY ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX ZPOPMIN
        ZPOPMAX XADD XDEL XTRIM PFADD
    """,
    Keys.TWO: "RENAME RENAMENX COPY SMOVE LMOVE RPOPLPUSH BLMOVE BRPOPLPUSH ZRANGESTORE",
    Keys.ALL: "DEL UNLINK SINTERSTORE SUNIONSTORE SDIFFSTORE PFMERGE",
    Keys.PAIRS: "MSET MSETNX",
    Keys.BUT_LAST: "BLPOP BRPOP BZPOPMIN BZPOPMAX",
    Keys.COUNTED: "EVAL EVALSHA LMPOP ZMPOP",
    Keys.DESTINATION: "ZUNIONSTORE ZINTERSTORE ZDIFFSTORE",
    Keys.EVERYTHING: "FLUSHDB FLUSHALL",
    Keys.CHANNEL: "PUBLISH",
    Keys.NONE: "EXEC",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """What a command does to keys: ``write``, or only look; ``keys`` tells which."""

    keys: Keys
    write: bool


COMMANDS = {
    name.encode(): Touch(keys, write)
    for table, write in ((READS, False), (WRITES, True))
    for keys, names in table.items()
    for name in names.split()
}
COUNT_AT = {b"EVAL": 1, b"EVALSHA": 1}  # these have the script before the number of keys


def touch_of(command: bytes) -> Touch:
    """Return what ``command`` does to its keys. Raises `Unmodelled` for an unknown one."""
    touch = COMMANDS.get(command)
    if touch is None:
        raise Unmodelled(f"Redis: {command.decode(errors='replace')} is not simulated")
    return touch


def keys_of(fields: Sequence[bytes]) -> tuple[Sequence[bytes], bool] | None:
    """Return the keys that the command ``fields`` touches and whether it writes them.

    None: it may touch every key. Raises `Unmodelled` for an unknown command.
    """
    command = fields[0]
    touch = touch_of(command)
    kind, rest = touch.keys, fields[1:]
    if kind is Keys.EVERYTHING:
        return None
    if kind is Keys.FIRST:
        found = rest[:1]
    elif kind is Keys.TWO:
        found = rest[:2]
    elif kind is Keys.ALL:
        found = rest
    elif kind is Keys.PAIRS:
        found = rest[::2]
    elif kind is Keys.BUT_LAST:
        found = rest[:-1]
    elif kind is Keys.COUNTED:
        found = _counted(rest, COUNT_AT.get(command, 0))
    elif kind is Keys.DESTINATION:
        found = [*rest[:1], *_counted(rest, 1)]
    else:
        found = ()
    return found, touch.write


def _counted(rest: Sequence[bytes], at: int) -> Sequence[bytes]:
    """Return the keys behind the number at index ``at``; none, if it is no number."""
    try:
        count = int(rest[at])
    except (IndexError, ValueError):
        return ()
    return rest[at + 1 : at + 1 + max(count, 0)]
