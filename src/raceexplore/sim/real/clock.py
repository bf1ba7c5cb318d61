"""The run's clock inside a real server: ``now()`` and its kin follow virtual time.

They are functions of a schema of ours, which the sessions find before the server's own, and read
what each session is told before a statement. What is spelled without parentheses is no function,
so it is replaced in the text.
"""

from __future__ import annotations

import re

from raceexplore.sim.postgres.functions import EPOCH_S

SEARCH_PATH = "public,raceexplore,pg_catalog"
_OF_TRANSACTION = ("now", "transaction_timestamp")
_OF_STATEMENT = ("statement_timestamp", "clock_timestamp")
_WORDS = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|\b(current_timestamp|localtimestamp|current_date)\b(?!\s*\()",
    re.IGNORECASE,
)
_SPELLED = {
    "current_timestamp": "now()",
    "localtimestamp": "now()::timestamp",
    "current_date": "now()::date",
}


def functions() -> str:
    """Return the SQL that makes the clock of a database."""
    lines = ["CREATE SCHEMA raceexplore;"]
    for names, setting in ((_OF_TRANSACTION, "now"), (_OF_STATEMENT, "clock")):
        moment = f"current_setting('raceexplore.{setting}', true)"
        body = f"SELECT to_timestamp(coalesce(nullif({moment}, ''), '{EPOCH_S}')::float8)"
        lines += [
            f"CREATE FUNCTION raceexplore.{name}() RETURNS timestamptz LANGUAGE sql STABLE"
            f" AS $${body}$$;"
            for name in names
        ]
    return " ".join(lines)


def spelled(text: str) -> str:
    """Return the statement ``text`` with the clock's words as calls of its functions."""
    return _WORDS.sub(lambda m: _SPELLED[m[1].lower()] if m[1] else m[0], text)


def settings(now_s: float, *, begins: bool) -> str:
    """Return the SQL that tells a session the time; begins: its transaction starts now."""
    moment = f"{EPOCH_S + now_s!r}"
    told = f"SET raceexplore.clock = '{moment}'"
    return f"{told}; SET raceexplore.now = '{moment}'" if begins else told
