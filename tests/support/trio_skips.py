"""Which of trio's own tests do not run on raceexplore's loop, each with its reason."""

from __future__ import annotations

MODULES = (
    "_core/_tests/test_asyncgen.py",
    "_core/_tests/test_cancelled.py",
    "_core/_tests/test_instrumentation.py",
    "_core/_tests/test_local.py",
    "_core/_tests/test_mock_clock.py",
    "_core/_tests/test_parking_lot.py",
    "_core/_tests/test_run.py",
    "_core/_tests/test_unbounded_queue.py",
    "_tests/test_channel.py",
    "_tests/test_contextvars.py",
    "_tests/test_highlevel_generic.py",
    "_tests/test_sync.py",
    "_tests/test_testing.py",
    "_tests/test_timeouts.py",
)

REAL_TIME = "it measures real time; here time is virtual"
NURSERIES = "it counts the nurseries that trio's init task opens: three, and ours opens one"

# In every order.
ALWAYS = {
    "test_asyncgen.py::test_last_minute_gc_edge_case": (
        "it waits for trio's own WeakSet of generators; ours is another type, which keeps order"
    ),
    "test_cancelled.py::test_reason_delayed_ki": "signals: it sends itself a real SIGINT",
    "test_instrumentation.py::test_instrument_call_trio_context": (
        "real I/O: it wants the hooks before and after a wait for it"
    ),
    "test_mock_clock.py::test_mock_clock_autojump": (
        "the cushion of wait_all_tasks_blocked is real time there, and virtual time here"
    ),
    "test_run.py::test_current_statistics": "it counts trio's own system tasks",
    "test_run.py::test_current_time": REAL_TIME,
    "test_run.py::test_error_in_run_loop": "it overwrites a private counter of trio's",
    "test_run.py::test_system_task_crash_ExceptionGroup": NURSERIES,
    "test_run.py::test_system_task_crash_KeyboardInterrupt": NURSERIES,
    "test_run.py::test_system_task_crash_plus_Cancelled": NURSERIES,
    "test_run.py::test_Task_custom_sleep_data": (
        "here a plain checkpoint does not clear what only a wait uses: that would cost every step"
    ),
    "test_run.py::test_timekeeping": REAL_TIME,
    "test_testing.py::test_open_stream_to_socket_listener": "real I/O: sockets",
    "test_timeouts.py::test_fail": REAL_TIME,
    "test_timeouts.py::test_fail_after_fails_even_if_shielded": REAL_TIME,
    "test_timeouts.py::test_move_on_after": REAL_TIME,
    "test_timeouts.py::test_move_on_after_moves_on_even_if_shielded": REAL_TIME,
    "test_timeouts.py::test_sleep": REAL_TIME,
}

# Where any enabled task may go on (order="any"): promises that only passes keep. They all run, and
# pass, with order="passes".
IN_ANY_ORDER = {
    "test_channel.py::test_as_safe_channel_multi_cancel": "of two cancelled tasks, one is first",
    "test_instrumentation.py::test_instruments_interleave": "each task steps once a pass",
    "test_run.py::test_asyncexitstack_nursery_misnest_cleanup": "a spawned task has not yet begun",
    "test_run.py::test_basic_interleave": "each task steps once a pass",
    "test_run.py::test_reschedule": "one checkpoint lets another task come to its wait",
    "test_run.py::test_TrioToken_run_sync_soon_starvation_resistance": "each steps once a pass",
    "test_sync.py::test_generic_lock_fifo_fairness": "three tasks take a lock in turns",
    "test_testing.py::test_MemorySendStream": "two tasks are inside one call at the same time",
}


def reason(nodeid: str, order: str) -> str:
    """Return why ``nodeid`` is skipped in ``order`` (``any`` or ``passes``), or nothing."""
    test = nodeid.rpartition("/")[2].partition("[")[0]
    return ALWAYS.get(test) or (IN_ANY_ORDER.get(test, "") if order == "any" else "")
