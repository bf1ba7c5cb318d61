"""Small random programs of conditions that are cut short, and of locks that are not given back.

Two or three tasks wait for a condition with a time-out or in a scope that another cancels, notify,
end while they hold a lock, give back what others hold, and count who waits.
"""

from __future__ import annotations

from random import Random

HEAD = """\
import trio

class Box:
    def __init__(self):
        self.a = self.b = 0

async def main(world):
    box, done, used = Box(), [], [False] * 3
    lock, strict = trio.Lock(), trio.StrictFIFOLock()
    condition, other = trio.Condition(), trio.Condition(lock)
    semaphore, limiter = trio.Semaphore({units}), trio.CapacityLimiter({units})
    scopes = [trio.CancelScope() for _ in range(3)]

    def own(number):
        fresh = not used[number]
        used[number] = True
        return scopes[number] if fresh else trio.CancelScope()
"""
TAIL = """
    async with trio.open_nursery() as nursery:
        for task in ({tasks}):
            nursery.start_soon(task)
    world.event("end", a=box.a, b=box.b, done=done, held=lock.locked(), left=semaphore.value)
"""
POINT = "await trio.lowlevel.checkpoint()"
LATE = "except (trio.BrokenResourceError, RuntimeError):"
MOVES = {
    "time out a wait": [
        "with trio.move_on_after({s}):", "    async with {c}:", "        await {c}.wait()",
        "        box.a += 1"],
    "outlast a time-out": [
        "try:", "    async with {c}:", "        with trio.move_on_after({s}):",
        "            await {c}.wait()", "        done.append({t})", LATE, "    box.b = 4"],
    "wait in a scope": [
        "with own({t}):", "    async with {c}:", "        await {c}.wait()", "    box.b += 1"],
    "scope in a wait": [
        "try:", "    async with {c}:", "        with own({t}):", "            await {c}.wait()",
        "        box.{v} += 1", LATE, "    box.a = 4"],
    "notify": ["try:", "    async with {c}:", "        {c}.notify()", LATE, "    box.b = 5"],
    "notify all": ["try:", "    async with {c}:", "        {c}.notify_all()", LATE,
                   "    box.b = 5"],
    "notify with nothing": ["try:", "    {c}.notify()", "except RuntimeError:", "    box.a = 6"],
    "cancel": ["scopes[{o}].cancel()"],
    "cancel late": ["await trio.sleep({s})", "scopes[{o}].cancel()"],
    "lock": ["try:", "    async with {l}:", f"        {POINT}", "        box.{v} += 1", LATE,
             "    box.b = 8"],
    "lock in time": ["try:", "    with trio.move_on_after({s}):", "        async with {l}:",
                     "            await trio.sleep(1)", LATE, "    box.a = 8"],
    "keep a lock": ["try:", "    await {l}.acquire()", LATE, "    box.a = 9"],
    "try a lock": ["try:", "    {l}.acquire_nowait()", "    box.{v} += 2",
                   "except (trio.WouldBlock, RuntimeError):", "    box.b += 1"],
    "release": ["try:", "    {l}.release()", "except RuntimeError:", "    box.{v} = 3"],
    "look": ["done.append({l}.statistics().tasks_waiting)"],
    "count waiters": ["done.append({c}.statistics().tasks_waiting)"],
    "borrow": ["with trio.move_on_after({s}):",
               "    await limiter.acquire_on_behalf_of({n})", "    box.a += 1"],
    "return": ["try:", "    limiter.release_on_behalf_of({n})", "except RuntimeError:",
               "    box.b = 2"],
    "take": ["with trio.move_on_after({s}):", "    await semaphore.acquire()", "    box.b += 1"],
    "give": ["semaphore.release()"],
    "point": [POINT],
}  # fmt: skip


def program(seed: int) -> str:
    """Return the program of that seed."""
    draw = Random(f"conditions {seed}")
    count = draw.choice([2, 2, 2, 3])
    lines = []
    for task in range(count):
        lines.append(f"    async def t{task}():")
        for _ in range(draw.randint(1, 4 if count == 2 else 2)):
            names = {"t": task, "o": draw.randrange(count), "n": draw.randint(0, 1)}
            names |= {"v": draw.choice("ab"), "s": draw.choice([0, 1, 1, 2])}
            names |= {
                "c": draw.choice(["condition", "other"]),
                "l": draw.choice(["lock", "strict"]),
            }
            lines += [
                "        " + line.format(**names) for line in MOVES[draw.choice(sorted(MOVES))]
            ]
        lines.append("        return")
    tasks = ", ".join(f"t{task}" for task in range(count))
    body = "\n".join(lines)
    return HEAD.format(units=draw.choice([1, 1, 2])) + body + TAIL.format(tasks=tasks)
