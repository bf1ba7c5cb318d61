"""Bugs of shared values: what was read is no longer true.

Each function is a program that fails under some schedules only. One schedule point for each
operation on shared state; locks are trio's own, whose requests are schedule points.
The bugs are those of SCTBench and of folklore (docs/schedulers.md); the code is new.
"""

from __future__ import annotations

import trio
from together import Task, point, together


async def arithmetic() -> None:
    """A consumer adds up numbers that it takes while the producer is still counting."""
    number, total, finished = 0, 0, False

    async def produces() -> None:
        nonlocal number, finished
        for i in range(1, 4):
            number = i
            await point()
        finished = True

    async def consumes() -> None:
        nonlocal total
        for _ in range(3):
            total += number
            await point()

    await together(produces, consumes)
    assert total != 1 + 2 + 3 or not finished


async def bank_transfer() -> None:
    """Two transfers read both balances first and write them afterwards."""
    balances = {"anna": 100, "ben": 100}

    async def transfer(giver: str, taker: str, amount: int) -> None:
        given = balances[giver]
        await point()
        taken = balances[taker]
        await point()
        balances[giver] = given - amount
        await point()
        balances[taker] = taken + amount

    async def there() -> None:
        await transfer("anna", "ben", 10)

    async def back() -> None:
        await transfer("ben", "anna", 20)

    await together(there, back)
    assert sum(balances.values()) == 200


async def deep3() -> None:  # noqa: C901 the definition, as it was published
    """A window of one turn in one task, into which two others must fall with late turns."""
    value = 0

    async def victim() -> None:
        nonlocal value
        for turn in range(20):
            if turn == 2:
                value = 1
            elif turn == 3:
                value = 0
            await point()

    async def n1() -> None:
        nonlocal value
        for turn in range(20):
            if turn == 12 and value == 1:
                value = 2
            await point()

    async def n2() -> None:
        for turn in range(20):
            assert turn != 14 or value != 2
            await point()

    async def idle() -> None:
        for _ in range(20):
            await point()

    await together(victim, n1, n2, idle, idle)


async def double_checked() -> None:
    """The instance is published before it is filled."""
    instance: dict[str, int] | None = None
    lock = trio.Lock()

    async def uses() -> None:
        nonlocal instance
        if instance is None:
            async with lock:
                if instance is None:
                    instance = {}
                    await point()
                    instance["port"] = 80
        await point()
        assert instance["port"] == 80

    await together(uses, uses)


async def lost_update() -> None:
    """Three tasks each add one to a counter, in two steps."""
    counter = 0

    async def adds() -> None:
        nonlocal counter
        seen = counter
        await point()
        counter = seen + 1

    await together(adds, adds, adds)
    assert counter == 3


async def peterson() -> None:
    """Peterson's lock with the turn written before the wish: both come in."""
    wants, turn, inside = [False, False], 0, 0

    def enters(me: int) -> Task:
        async def enter() -> None:
            nonlocal turn, inside
            turn = 1 - me
            await point()
            wants[me] = True
            await point()
            for _ in range(4):
                if not wants[1 - me] or turn == me:
                    break
                await point()
            else:
                return
            inside += 1
            await point()
            assert inside == 1, "both are in the critical section"
            inside -= 1
            wants[me] = False

        return enter

    await together(enters(0), enters(1))


async def _reorder(tasks: int) -> None:
    a = b = 0

    async def sets() -> None:
        nonlocal a, b
        a = 1
        await point()
        b = -1

    async def checks() -> None:
        seen = a
        await point()
        assert (seen, b) != (1, 0), "a is set and b is not"

    await together(*[sets] * (tasks - 1), checks)


async def reorder3() -> None:
    """Two tasks set a and then b; a third sees one without the other."""
    await _reorder(3)


async def reorder4() -> None:
    """Three tasks set."""
    await _reorder(4)


async def reorder5() -> None:
    """Four tasks set."""
    await _reorder(5)


async def reorder10() -> None:
    """Nine tasks set."""
    await _reorder(10)


async def reorder20() -> None:
    """Nineteen tasks set."""
    await _reorder(20)


async def time_of_check() -> None:
    """The file is checked, replaced by another task, and then opened."""
    files = {"report": "mine"}
    opened: list[str] = []

    async def opens() -> None:
        for _ in range(3):
            await point()
        if files["report"] == "mine":
            await point()
            opened.append(files["report"])

    async def swaps() -> None:
        for _ in range(6):
            await point()
        files["report"] = "yours"
        await point()
        files["report"] = "mine"

    await together(opens, swaps)
    assert opened in ([], ["mine"])


async def token_ring() -> None:
    """Each copies from its neighbour once: in the wrong order the token does not come round."""
    x = [0, 0, 0, 0]

    async def first() -> None:
        x[0] = (x[3] + 1) % 4

    def copies(i: int) -> Task:
        async def copy() -> None:
            x[i] = x[i - 1]

        return copy

    async def checks() -> None:
        assert x in ([0] * 4, [1] * 4), f"the token is torn: {x}"

    await together(first, copies(1), copies(2), copies(3), checks)
