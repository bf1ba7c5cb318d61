"""A request to a host: what it runs for somebody else, who waits for the answer."""

from __future__ import annotations

from typing import Any

from raceexplore.sim.hosts.host import Function, Host


class Gone(Exception):
    """The host of a request was down, or has crashed or stopped before its answer."""


class _Question:
    """One request: its answer, or what became of it, and who waits for it."""

    def __init__(self, host: Host) -> None:
        self.lot = host.world.lot(f"an answer of {host.name}")
        self.host = host
        self.ended = False
        self.answer: Any = None
        self.error: Exception | None = None

    async def run(self, function: Function, args: tuple[Any, ...]) -> None:
        try:
            self.answer = await function(*args)
            self.end(None)
        except Exception as error:  # noqa: BLE001 it is the client's to handle, or to fail with
            self.end(error)
        finally:
            self.break_off()

    def break_off(self) -> None:
        self.end(Gone(f"{self.host.name} closed the connection"))

    def end(self, error: Exception | None) -> None:
        if not self.ended:
            self.ended, self.error = True, error
            self.lot.wake()


async def ask(host: Host, function: Function, *args: Any) -> Any:
    """Run ``function(*args)`` on ``host``; return what it returns, or raise what it raises.

    Raises `Gone` if the host is down, or crashes or stops meanwhile. The request has a task of its
    own there; nothing of the way to it is simulated but a schedule point.
    """
    await host.world.checkpoint()
    if not host.up:
        raise Gone(f"{host.name} refuses the connection")
    question = _Question(host)
    host.at_crash(question.break_off)
    try:
        host.start(question.run, function, args, name=f"{function.__name__} request")
        while not question.ended:
            await question.lot.park()
    finally:
        host.not_at_crash(question.break_off)
    if question.error is not None:
        raise question.error
    return question.answer
