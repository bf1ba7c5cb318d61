"""Verdicts on the histories that Porcupine ships, against those that its own tests state.

RACEEXPLORE_PORCUPINE names a checkout of github.com/anishathalye/porcupine; nothing of it is kept
here. The result of the last comparison is in docs/linearizability.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from raceexplore.linearizability import models as sequential
from raceexplore.linearizability.history import History, Recording
from raceexplore.linearizability.linearize import linearizable

WHERE = os.environ.get("RACEEXPLORE_PORCUPINE")

pytestmark = pytest.mark.skipif(
    not WHERE, reason="RACEEXPLORE_PORCUPINE names no checkout of anishathalye/porcupine"
)
ROOT = Path(WHERE or ".")
Parts = tuple[str, str, str, object, object]  # client, what, call, argument, result

ETCD = re.compile(r"INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(\w+)\s+:(\w+)\s+(.+)")
KV = re.compile(r'\{:process (\d+), :type :(\w+), :f :(\w+), :key "(.*)", :value (?:nil|"(.*)")\}')


def etcd(line: str) -> Parts | None:
    found = ETCD.fullmatch(line)
    if found is None:
        return None
    client, what, call, rest = found.groups()
    values = tuple(map(int, re.findall(r"\d+", rest)))
    argument = None if call == "read" else values if call == "cas" else values[0:1] and values[0]
    result = {"read": values[0] if values else None, "cas": what == "ok"}.get(call)
    # a cas that fails has compared; any other failure here is a time-out
    answered = what == "ok" or (what == "fail" and call == "cas" and bool(values))
    return client, "return" if answered else what, call, argument, result


def kv(line: str) -> Parts | None:
    found = KV.fullmatch(line)
    assert found is not None, line
    client, what, call, key, value = found.groups()
    argument = key if call == "get" else (key, value)
    return (
        client,
        "return" if what == "ok" else what,
        call,
        argument,
        value if call == "get" else None,
    )


def read(path: Path, parse: Callable[[str], Parts | None]) -> History:
    recording, going = Recording(), {}
    for line in path.read_text().splitlines():
        parts = parse(line.strip())
        if parts is None:
            continue
        client, what, call, argument, result = parts
        if what == "invoke":
            going[client] = recording.invoke(client, call, argument)
        elif what == "return":
            recording.returned(going.pop(client), result)
    return recording.history()


def published(pattern: str) -> list[tuple[str, ...]]:
    return re.findall(pattern, (ROOT / "porcupine_test.go").read_text())


def test_the_etcd_histories_get_the_verdicts_published() -> None:
    verdicts = published(r"checkJepsen\(t, (\d+), (true|false)\)")
    assert len(verdicts) == 102
    for number, verdict in verdicts:
        history = read(ROOT / f"test_data/jepsen/etcd_{int(number):03d}.log", etcd)
        answer = linearizable(history, sequential.register()).answer
        assert answer == {"true": "yes", "false": "no"}[verdict], number


@pytest.mark.slow
def test_the_kv_histories_get_the_verdicts_published() -> None:
    verdicts = published(r'checkKv\(t, "([\w-]+)", (true|false), (true|false)\)')
    assert len(verdicts) == 10
    for name, verdict, parts in verdicts:
        model = sequential.kv(missing="")
        model = model if parts == "true" else replace(model, partition=None)
        answer = linearizable(read(ROOT / f"test_data/kv/{name}.txt", kv), model).answer
        assert answer == {"true": "yes", "false": "no"}[verdict], (name, parts)
