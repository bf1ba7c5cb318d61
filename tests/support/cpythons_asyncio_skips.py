"""CPython's own tests of asyncio that cannot pass on our loop, each with its reason."""

from __future__ import annotations

SOCKET = "it opens a connection, a server or a pipe, which a run refuses"
ALWAYS = {
    "RunCoroutineThreadsafeTests": "a thread waits for the loop; a run does its job inline",
    "BaseLoopSockSendfileTests": "it sends a file through a socket",
    "test_stop_while_run_in_complete": "it hangs on how CPython's test loop advances its clock",
    "test_log_destroyed_pending_task": "it empties the selector loop by hand, and a run keeps its"
    " tasks until it ends",
    "test_interrupt_call_soon": "it sends itself SIGINT, which is raceexplore's affair in a run",
    "test_interrupt_wait": "it sends itself SIGINT, which is raceexplore's affair in a run",
    "test_signal_install_not_supported_ok": "signals are raceexplore's affair in a run",
    "test_async_writer_api": SOCKET,
    "test_async_writer_api_exception_after_close": SOCKET,
    "test_drain_raises": SOCKET,
    "test_eof_feed_when_closing_writer": SOCKET,
    "test_open_connection": SOCKET,
    "test_open_connection_error": SOCKET,
    "test_open_connection_no_loop_ssl": SOCKET,
    "test_open_unix_connection": SOCKET,
    "test_open_unix_connection_error": SOCKET,
    "test_open_unix_connection_no_loop_ssl": SOCKET,
    "test_read_all_from_pipe_reader": SOCKET,
    "test_start_server": SOCKET,
    "test_start_tls": SOCKET,
    "test_start_unix_server": SOCKET,
    "test_unclosed_resource_warnings": SOCKET,
    "test_unclosed_server_resource_warnings": SOCKET,
    "test_unhandled_cancel": SOCKET,
    "test_unhandled_exception": SOCKET,
    "test_unhandled_exceptions": SOCKET,
    "test_wait_closed_on_close": SOCKET,
    "test_wait_closed_on_close_with_unread_data": SOCKET,
}
FIRST_IN_FIRST_OUT = "it expects that tasks run first in, first out"
IN_ANY_ORDER = dict.fromkeys(
    (
        "test_wait_really_done", "test_filling_tasks_cancel_one", "test_repr", "test_notify",
        "test_notify_all", "test_wait", "test_wait_for", "test_acquire", "test_cancel_race",
        "test_cancel_release_race", "test_finished_waiter_cancelled",
        "test_acquire_cancel_before_awoken", "test_acquire_fifo_order_2",
        "test_get_cancelled_race", "test_put_cancelled_race", "test_asyncio_wait_for_cancelled",
        "test_reset_barrier_while_tasks_waiting_and_waiting_again", "test_cancel_yield",
        "test_wait_cancel_after_notify", "test_acquire_fifo_order_3",
        "test_wait_concurrent_complete", "test_acquire_fifo_order_4", "test_shutdown_nonempty",
    ),
    FIRST_IN_FIRST_OUT,
)  # fmt: skip


def reason_to_skip(name: str, order: str) -> str:
    """Return why the test ``module.Class.test`` is left out; empty if it is not."""
    for part in name.split("."):
        if part in ALWAYS:
            return ALWAYS[part]
    return IN_ANY_ORDER.get(name.rpartition(".")[2], "") if order == "any" else ""
