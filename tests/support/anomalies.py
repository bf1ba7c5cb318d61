"""Hermitage's ten anomalies: the steps of each, how to see it, and the levels that prevent it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sessions import answers

SCHEMA = """
CREATE TABLE test (id int PRIMARY KEY, value int);
INSERT INTO test VALUES (1, 10), (2, 20);
"""
READ = "SELECT value FROM test WHERE id = {}"
BOTH = "SELECT id, value FROM test WHERE id IN (1, 2) ORDER BY id"
WRITE = "UPDATE test SET value = {1} WHERE id = {0}"
THIRDS = "SELECT id FROM test WHERE value % 3 = 0 ORDER BY id"
Log = Sequence[Any]
Happens = Callable[[Log, Sequence[Any]], bool]


def read(row: int) -> str:
    return READ.format(row)


def write(row: int, value: int) -> str:
    return WRITE.format(row, value)


def failed(log: Log) -> bool:
    return any(isinstance(answer, str) for n in range(3) for answer in answers(log, n))


# name: (steps after BEGIN, does it happen?, the levels that prevent it)
ANOMALIES: dict[str, tuple[list[tuple[int, str]], Happens, str]] = {
    "G0 dirty write": (
        [(0, write(1, 11)), (1, write(1, 12)), (0, write(2, 21)), (0, "COMMIT"),
         (1, write(2, 22)), (1, "COMMIT")],
        lambda _, rows: sorted(rows) in ([(1, 11), (2, 22)], [(1, 12), (2, 21)]),
        "RC RR SER",
    ),
    "G1a aborted read": (
        [(0, write(1, 101)), (1, read(1)), (0, "ROLLBACK"), (1, read(1)), (1, "COMMIT")],
        lambda log, _: [(101,)] in answers(log, 1),
        "RC RR SER",
    ),
    "G1b intermediate read": (
        [(0, write(1, 101)), (1, read(1)), (0, write(1, 11)), (0, "COMMIT"), (1, read(1)),
         (1, "COMMIT")],
        lambda log, _: [(101,)] in answers(log, 1),
        "RC RR SER",
    ),
    "G1c circular information flow": (
        [(0, write(1, 11)), (1, write(2, 22)), (0, read(2)), (1, read(1)), (0, "COMMIT"),
         (1, "COMMIT")],
        lambda log, _: [(22,)] in answers(log, 0) and [(11,)] in answers(log, 1),
        "RC RR SER",
    ),
    "OTV observed transaction vanishes": (
        [(0, write(1, 11)), (0, write(2, 19)), (1, write(1, 12)), (0, "COMMIT"), (2, read(1)),
         (1, write(2, 18)), (2, read(2)), (1, "COMMIT"), (2, read(2)), (2, read(1)),
         (2, "COMMIT")],
        lambda log, _: answers(log, 2)[1:3] == [[(12,)], [(19,)]],
        "RC RR SER",
    ),
    "PMP predicate with many preceders": (
        [(0, THIRDS), (1, "INSERT INTO test VALUES (3, 30)"), (1, "COMMIT"), (0, THIRDS),
         (0, "COMMIT")],
        lambda log, _: [(3,)] in answers(log, 0),
        "RR SER",
    ),
    "P4 lost update": (
        [(0, read(1)), (1, read(1)), (0, write(1, 11)), (1, write(1, 11)), (0, "COMMIT"),
         (1, "COMMIT")],
        lambda log, _: not failed(log),
        "RR SER",
    ),
    "G-single read skew": (
        [(0, read(1)), (1, read(1)), (1, read(2)), (1, write(1, 12)), (1, write(2, 18)),
         (1, "COMMIT"), (0, read(2)), (0, "COMMIT")],
        lambda log, _: [(18,)] in answers(log, 0),
        "RR SER",
    ),
    "G2-item write skew": (
        [(0, BOTH), (1, BOTH), (0, write(1, 11)), (1, write(2, 21)), (0, "COMMIT"),
         (1, "COMMIT")],
        lambda log, _: not failed(log),
        "SER",
    ),
    "G2 anti-dependency cycle": (
        [(0, THIRDS), (1, THIRDS), (0, "INSERT INTO test VALUES (3, 30)"),
         (1, "INSERT INTO test VALUES (4, 42)"), (0, "COMMIT"), (1, "COMMIT")],
        lambda log, _: not failed(log),
        "SER",
    ),
}  # fmt: skip
LEVELS = {"RC": "READ COMMITTED", "RR": "REPEATABLE READ", "SER": "SERIALIZABLE"}


def steps_of(anomaly: str, level: str) -> list[tuple[int, str]]:
    steps = ANOMALIES[anomaly][0]
    count = 1 + max(session for session, _ in steps)
    begin = f"BEGIN ISOLATION LEVEL {LEVELS[level]}"
    return [(session, begin) for session in range(count)] + steps
