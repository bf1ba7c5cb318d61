"""Where a fixed version of each program would take and release a lock, found by reading it.

Written down before `raceexplore.search.what_if` was run on any of them. A section is (function,
first line, last line); two sections of one program take the same lock.
"""

from __future__ import annotations

Section = tuple[str, str, str]

MODELS: dict[str, tuple[Section, ...]] = {
    "ticketing/buggy.py": (
        ("buy", "if await self.cache.get() < 1:", "await self.cache.decrement()"),
    ),
    "ticketing/wrong_fix.py": (
        ("buy", "if await self.cache.get() < 1:", "await self.cache.decrement()"),
    ),
    "lost_update/buggy.py": (
        ("deposit", "balance = account.balance", "account.balance = balance + amount"),
    ),
    "lost_update/wrong_fix.py": (
        ("deposit", "balance = account.balance", "account.balance = balance + amount"),
    ),
    "lock_order/buggy.py": (
        (
            "transfer",
            "async with source.lock, target.lock:",
            "move(source, target, amount)",
        ),
    ),
    "lock_order/wrong_fix.py": (
        (
            "transfer",
            "async with first.lock, second.lock:",
            "move(source, target, amount)",
        ),
    ),
}
MODELS_WITHOUT = {
    "cancelled_checkout/buggy.py": "one customer alone loses a seat: a time-out, not another task",
    "cancelled_checkout/wrong_fix.py": "likewise: what gives the seat back is cancelled itself",
}

_DINE = (("philosopher", "async with forks[seat], forks[(seat + 1) % seats]:", "pass"),)
_STAGES = (("writes", "async with one:", "data2 = data1 + 1"),)
_REORDER = (("sets", "a = 1", "b = -1"),)
POWER: dict[str, tuple[Section, ...]] = {
    "containers.py:aba_stack": (("pop", "top = head", "return top"),),
    "containers.py:circular_buffer": (("send", "place = (first + filled) % 4", "filled += 1"),),
    "containers.py:queue": (("takes", "if items:", "items.pop(0)"),),
    "containers.py:stack": (("pops", "if items:", "items.pop()"),),
    "containers.py:work_stealing": (
        ("pop", "last = tail - 1", "done.append(items[last % 8])"),
        ("steals", "first = head", "head = first + 1"),
    ),
    "locks.py:carter": (("enters", "async with door:", "room.release()"),),
    "locks.py:deadlock": (
        ("upwards", "async with one, two:", "pass"),
        ("downwards", "async with two, one:", "pass"),
    ),
    "locks.py:dining2": _DINE,
    "locks.py:dining3": _DINE,
    "locks.py:dining4": _DINE,
    "locks.py:dining5": _DINE,
    "locks.py:dining6": _DINE,
    "locks.py:dining7": _DINE,
    "locks.py:phase": (
        ("worker", "async with x, y:", "pass"),
        ("closer", "async with y, x:", "pass"),
    ),
    "locks.py:string_buffer": (
        (
            "appends",
            "async with locked:",
            "target.extend(source[i] for i in range(length))",
        ),
    ),
    "locks.py:two_stage1": _STAGES,
    "locks.py:two_stage20": _STAGES,
    "locks.py:two_stage100": _STAGES,
    "locks.py:wrong_lock": (
        ("checks", "seen = data", 'assert data == seen, "changed under the lock"'),
    ),
    "signals.py:bluetooth": (("request", "if stopping:", "pending += 1"),),
    "signals.py:sync01": (("waits", "seen = number", "await ready.wait()"),),
    "signals.py:writer_starts_late": (("reads", "if writing:", "readers += 1"),),
    "values.py:arithmetic": (
        ("produces", "for i in range(1, 4):", "await point()"),
        ("consumes", "for _ in range(3):", "await point()"),
    ),
    "values.py:bank_transfer": (
        ("transfer", "given = balances[giver]", "balances[taker] = taken + amount"),
    ),
    "values.py:deep3": (("victim", "for turn in range(20):", "await point()"),),
    "values.py:double_checked": (("uses", "instance = {}", 'instance["port"] = 80'),),
    "values.py:lost_update": (("adds", "seen = counter", "counter = seen + 1"),),
    "values.py:peterson": (("enter", "turn = 1 - me", "wants[me] = True"),),
    "values.py:reorder3": _REORDER,
    "values.py:reorder4": _REORDER,
    "values.py:reorder5": _REORDER,
    "values.py:reorder10": _REORDER,
    "values.py:reorder20": _REORDER,
    "values.py:time_of_check": (
        ("opens", 'if files["report"] == "mine":', 'opened.append(files["report"])'),
    ),
}
POWER_WITHOUT = {
    "locks.py:account": "each step is atomic already; what the check asserts is wrong",
    "locks.py:lazy": "each step is atomic already; the third to take the lock fails by design",
    "signals.py:bounded_buffer": "a notify wakes a task of the wrong side, atomic or not",
    "signals.py:sync02": "the same: one condition for two kinds of waiters",
    "values.py:token_ring": "each task is one step; what is wrong is their order",
}


# What came out, where it differs.
SHORTER: dict[str, tuple[Section, ...]] = {
    # what the stack's top stands on is read in the section, so that the top itself may be read
    # before: all schedules pass
    "containers.py:aba_stack": (("pop", "under = below[top]", "return top"),),
    # no value is received twice any more, which is all that the program checks; that values get
    # lost, it does not notice
    "containers.py:circular_buffer": (
        ("send", "place = (first + filled) % 4", "ring[place] = value"),
    ),
    # nobody but the thief writes the head, and nobody but the owner the tail: each may read its
    # own before it takes the lock
    "containers.py:work_stealing": (
        (
            "pop",
            "if head <= last:  # the bug: the thief may be between its test and its taking",
            "done.append(items[last % 8])",
        ),
        ("steals", "if first < tail:", "head = first + 1"),
    ),
}
# Read wrongly: if one side has a lock around its waiting, no two of that side ever wait, and trio's
# lock lets in whom a notify has woken before those who come later. 40,000 runs of four schedulers
# found no failure. Of the fixes it is the strangest: a second condition is what the program needs.
CURED_AFTER_ALL: dict[str, tuple[Section, ...]] = {
    "signals.py:bounded_buffer": (("puts", "async with changed:", "changed.notify()"),),
    "signals.py:sync02": (("takes", "async with changed:", "changed.notify()"),),
}
