"""Two sessions whose every order is known: buyers of the last ticket, and movers between rows."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE event (id int PRIMARY KEY, left_ int NOT NULL);
INSERT INTO event VALUES (1, 1), (2, 1);
"""


def buy(level: str, lock: str = "") -> list[Any]:
    """Read the stock, and write what was read less one."""
    return [
        f"BEGIN ISOLATION LEVEL {level}",
        f"SELECT left_ FROM event WHERE id = 1 {lock}",
        lambda results: (
            f"UPDATE event SET left_ = {results[1][0][0] - 1} WHERE id = 1"
            if results[1][0][0] > 0
            else "SELECT 'sold out'"
        ),
        "COMMIT",
    ]


def move(first: int, second: int) -> list[Any]:
    return [
        "BEGIN",
        f"UPDATE event SET left_ = left_ - 1 WHERE id = {first}",
        f"UPDATE event SET left_ = left_ + 1 WHERE id = {second}",
        "COMMIT",
    ]
