"""Door: histories of concurrent calls, the sequential models that explain them, the checks.

See docs/linearizability.md. For the machines that make such histories: `raceexplore.stateful`.
"""

from __future__ import annotations

from raceexplore.linearizability.explain import (
    NotLinearizable,
    NotSequentiallyConsistent,
    check_linearizable,
    check_sequentially_consistent,
    explain,
)
from raceexplore.linearizability.history import UNKNOWN, History, Operation, Raised, Recording
from raceexplore.linearizability.lanes import lanes
from raceexplore.linearizability.linearize import (
    Refusal,
    Verdict,
    linearizable,
    sequentially_consistent,
)
from raceexplore.linearizability.models import (
    Model,
    counter,
    kv,
    lock,
    pool,
    queue,
    register,
    sequential,
    stack,
    ttl_map,
    value_set,
)

__all__ = [
    "UNKNOWN",
    "History",
    "Model",
    "NotLinearizable",
    "NotSequentiallyConsistent",
    "Operation",
    "Raised",
    "Recording",
    "Refusal",
    "Verdict",
    "check_linearizable",
    "check_sequentially_consistent",
    "counter",
    "explain",
    "kv",
    "lanes",
    "linearizable",
    "lock",
    "pool",
    "queue",
    "register",
    "sequential",
    "sequentially_consistent",
    "stack",
    "ttl_map",
    "value_set",
]
