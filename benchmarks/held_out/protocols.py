"""Bugs of protocols: commits, deliveries, shutdowns, batches, snapshots.

Held out: no scheduler was tuned on these programs. Each fails under some schedules only, and its
twin, ``*_fixed``, under none.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.sim import LogNormal

point = trio.lowlevel.checkpoint


async def _commit(*, fixed: bool) -> None:
    log = ""
    state = {"one": "ready", "two": "ready"}

    async def coordinator() -> None:
        nonlocal log
        await point()  # the votes come in
        if fixed and not log:
            log = "commit"
        decision = log or "commit"
        for name in ("one", "two"):
            await point()
            if state[name] == "ready":
                state[name] = decision
        await point()
        log = log or decision

    async def recovery() -> None:
        nonlocal log
        for _ in range(2):
            await point()
        if not log:
            log = "abort"
        for name in ("one", "two"):
            if state[name] == "ready":
                state[name] = log
            await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(coordinator)
        nursery.start_soon(recovery)
    assert len(set(state.values())) == 1, f"half committed: {state}"


async def decided_before_logged() -> None:
    """The coordinator sends its decision before it logs it; recovery finds no log and aborts."""
    await _commit(fixed=False)


async def decided_before_logged_fixed() -> None:
    """The decision is logged first."""
    await _commit(fixed=True)


async def _publish(*, fixed: bool) -> None:
    got: list[str] = []
    subscribers = ["anna", "ben", "carl", "dora"]

    async def publishes() -> None:
        for name in list(subscribers) if fixed else subscribers:
            got.append(name)
            await point()

    async def leaves() -> None:
        await point()
        subscribers.remove("ben")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(publishes)
        nursery.start_soon(leaves)
    assert {"anna", "carl", "dora"} <= set(got), f"only {got} got it"


async def unsubscribed_meanwhile() -> None:
    """A subscriber leaves the list that is being gone through: the next one is passed over."""
    await _publish(fixed=False)


async def unsubscribed_meanwhile_fixed() -> None:
    """A copy is gone through."""
    await _publish(fixed=True)


async def _callbacks(*, fixed: bool) -> None:
    registry, account, audit = trio.Lock(), trio.Lock(), trio.Lock()

    async def on_change() -> None:
        async with account:
            await point()

    async def announces() -> None:
        async with registry:
            observers = [on_change]
            if not fixed:
                for observer in observers:
                    await observer()
        if fixed:
            for observer in observers:
                await observer()

    async def pays() -> None:
        async with account:
            await point()
            async with audit:
                await point()

    async def archives() -> None:
        async with audit:
            await point()
            async with registry:
                await point()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(announces)
        nursery.start_soon(pays)
        nursery.start_soon(archives)
        nursery.start_soon(pays)


async def callback_deadlock() -> None:
    """Three locks in a ring, one of them taken by a callback under the registry's lock."""
    await _callbacks(fixed=False)


async def callback_deadlock_fixed() -> None:
    """Callbacks are called after the lock was released."""
    await _callbacks(fixed=True)


async def _limiter(*, fixed: bool) -> None:
    tokens, most = 1, 2

    async def calls() -> None:
        nonlocal tokens
        if tokens == 0:
            return
        tokens -= 1
        await point()  # the call fails: its token comes back
        if tokens < most:
            await point()  # tells the metrics
            tokens = min(most, tokens + 1) if fixed else tokens + 1

    async def refills() -> None:
        nonlocal tokens
        for _ in range(2):
            await point()
            tokens = min(most, tokens + 1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(calls)
        nursery.start_soon(refills)
        nursery.start_soon(calls)
    assert tokens <= most, f"{tokens} tokens of {most}"


async def token_refund() -> None:
    """A token is given back to a bucket that was refilled since one looked whether it is full."""
    await _limiter(fixed=False)


async def token_refund_fixed() -> None:
    """The bucket is looked at again."""
    await _limiter(fixed=True)


async def _batches(*, fixed: bool) -> None:
    pending: list[int] = []
    sent: list[int] = []

    async def adds() -> None:
        for i in range(4):
            pending.append(i)
            await point()

    async def flush() -> None:
        batch = list(pending)
        if fixed:
            pending.clear()
        await point()  # sends
        sent.extend(batch)
        if not fixed:
            pending.clear()

    async def flushes() -> None:
        await point()
        await flush()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(adds)
        nursery.start_soon(flushes)
    await flush()
    assert sorted(sent) == [0, 1, 2, 3], f"sent {sent}"


async def cleared_after_sending() -> None:
    """What is added while a batch is being sent is cleared with it."""
    await _batches(fixed=False)


async def cleared_after_sending_fixed() -> None:
    """The batch is taken out before it is sent."""
    await _batches(fixed=True)


async def _audit(*, fixed: bool) -> None:
    shards = [10, 10, 10, 10]
    totals: list[int] = []
    lock = trio.Lock()

    async def adds_up() -> None:
        async with lock:
            total = 0
            for amount in range(4):
                total += shards[amount]
                await point()
            totals.append(total)

    async def moves(giver: int, taker: int) -> None:
        if fixed:
            await lock.acquire()
        await point()
        shards[giver] -= 5
        shards[taker] += 5
        if fixed:
            lock.release()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(moves, 3, 0)
        nursery.start_soon(adds_up)
        nursery.start_soon(moves, 0, 2)
    assert totals == [40], f"the audit finds {totals}"


async def moved_while_counted() -> None:
    """Shards are added up one after the other while an amount moves between them."""
    await _audit(fixed=False)


async def moved_while_counted_fixed() -> None:
    """Moves take the audit's lock."""
    await _audit(fixed=True)


REPLICA = LogNormal(median_s=0.3, sigma=0.6)


async def _hedged(world: World, *, fixed: bool) -> None:
    stock = [3]

    async def ask(replica: str, answers: trio.MemorySendChannel[str]) -> None:
        await REPLICA.sleep(world, f"{replica} acts")
        if not fixed or stock[0] == 3:
            stock[0] -= 1
        await REPLICA.sleep(world, f"{replica} answers")
        await answers.send(replica)

    send, receive = trio.open_memory_channel[str](2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "first", send)
        with trio.move_on_after(1.0):
            await receive.receive()
            nursery.cancel_scope.cancel()
        if not nursery.cancel_scope.cancel_called:
            nursery.start_soon(ask, "second", send)
            await receive.receive()
            nursery.cancel_scope.cancel()
    assert stock[0] == 2, f"one order took {3 - stock[0]} items"


async def hedged_twice(world: World) -> None:
    """A slow request is sent again to another replica; both may act before one is cancelled."""
    await _hedged(world, fixed=False)


async def hedged_twice_fixed(world: World) -> None:
    """The order's second arrival changes nothing."""
    await _hedged(world, fixed=True)
