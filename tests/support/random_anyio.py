"""Small random anyio programs, as source text: for trio and for asyncio alike."""

from __future__ import annotations

import re
from itertools import count as counted
from random import Random

HEAD = """\
import anyio
import anyio.lowlevel

class Box:
    def __init__(self):
        self.a = self.b = 0

async def main(world):
    box, done, scopes = Box(), [], [anyio.CancelScope() for _ in range({count})]
    lock, semaphore = anyio.Lock(fast_acquire={fast}), anyio.Semaphore(1)
    limiter, condition = anyio.CapacityLimiter(1), anyio.Condition()
    event, guard = anyio.Event(), anyio.ResourceGuard("using")
    send, receive = anyio.create_memory_object_stream({buffer})

    async def leaf():
        await anyio.lowlevel.checkpoint()
        box.b += 1

    async def service(*, task_status):
        await anyio.lowlevel.checkpoint()
        task_status.started(box.a)
        box.a += 1
"""
TAIL = """
    try:
        async with anyio.create_task_group() as group:
            {tasks}
    except* (KeyError, ValueError) as errors:
        done.append(sorted(type(e).__name__ for e in errors.exceptions))
    caught = [scope.cancelled_caught for scope in scopes]
    world.event("end", a=box.a, b=box.b, done=list(done), caught=caught)
    send.close()
    receive.close()
"""
POINT = "await anyio.lowlevel.checkpoint()"
MOVES = {
    "lost update": ["x = box.{v}", POINT, "box.{w} = x + 1"],
    "write": ["box.{v} = {n}"],
    "collect": ["done.append(box.{v})"],
    "lock": ["async with lock:", f"    {POINT}", "    box.{v} += 1"],
    "try lock": ["try:", "    lock.acquire_nowait()", "except anyio.WouldBlock:", "    box.{v} = 7",
                 "else:", "    lock.release()"],
    "look at lock": ["done.append(lock.locked())"],
    "semaphore": ["async with semaphore:", f"    {POINT}", "    box.{v} += 1"],
    "limiter": ["async with limiter:", f"    {POINT}", "    box.{v} += limiter.borrowed_tokens"],
    "hasty limiter": ["with anyio.move_on_after(1):", "    async with limiter:",
                      "        box.{v} += 1"],
    "set": ["event.set()"],
    "wait": ["with anyio.move_on_after({n}) as scope:", "    await event.wait()",
             "done.append(scope.cancelled_caught)"],
    "fail after": ["try:", "    with anyio.fail_after(1):", "        await event.wait()",
                   "except TimeoutError:", "    box.{v} = 8"],
    "offer": ["try:", "    send.send_nowait({n})", "except anyio.WouldBlock:", "    box.b = 9"],
    "take": ["try:", "    done.append(receive.receive_nowait())", "except anyio.WouldBlock:",
             "    box.a = 9"],
    "send": ["with anyio.move_on_after(2):", "    await send.send({n})"],
    "receive": ["with anyio.move_on_after(2):", "    done.append(await receive.receive())"],
    "clone": ["async with send.clone() as own:", "    with anyio.move_on_after(1):",
              "        await own.send({n})"],
    "statistics": ["done.append(receive.statistics().tasks_waiting_receive)"],
    "sleep": ["await anyio.sleep({n})"],
    "point": [POINT],
    "cancel": ["scopes[{o}].cancel()"],
    "is cancelled": ["done.append(scopes[{o}].cancel_called)"],
    "clean up": ["try:", f"    {POINT}", "finally:", "    box.{v} = 6"],
    "shield": ["with anyio.CancelScope(shield=True):", f"    {POINT}", "    box.{v} += 1"],
    "shielded clean-up": ["try:", "    await anyio.sleep(1)", "finally:",
                          "    with anyio.CancelScope(shield=True):",
                          "        await anyio.sleep(1)", "        box.{v} = 5"],
    "deadline": ["scopes[{o}].deadline = anyio.current_time() + {n}"],
    "await notice": ["with anyio.move_on_after(2):", "    async with condition:",
                     "        await condition.wait()", "        box.a += 1"],
    "notify": ["async with condition:", "    condition.notify()"],
    "group": ["async with anyio.create_task_group() as inner:", "    inner.start_soon(leaf)",
              "    box.{v} += 2"],
    "cancelled group": ["async with anyio.create_task_group() as inner:",
                        "    inner.start_soon(leaf)", f"    {POINT}",
                        "    inner.cancel_scope.cancel()"],
    "start": ["async with anyio.create_task_group() as inner:",
              "    done.append(await inner.start(service))"],
    "guard": ["try:", "    with guard:", f"        {POINT}", "except anyio.BusyResourceError:",
              "    box.{v} = 4"],
    "fail": ["if box.a == {n}:", "    raise KeyError(box.b)"],
}  # fmt: skip


def program(seed: int) -> str:
    """Return the program of that seed."""
    draw = Random(seed)
    count = draw.choice([2, 2, 2, 3])
    lines = []
    for task in range(count):
        lines += [f"    async def t{task}():", f"        with scopes[{task}]:"]
        for _ in range(draw.randint(1, 3 if count == 2 else 2)):
            names = {"o": draw.randrange(count), "n": draw.randint(0, 2)}
            names |= {"v": draw.choice("ab"), "w": draw.choice("ab")}
            move = MOVES[draw.choice(sorted(MOVES))]
            lines += ["            " + line.format(**names) for line in move]
    tasks = "\n            ".join(f"group.start_soon(t{task})" for task in range(count))
    head = HEAD.format(buffer=draw.choice([0, 1]), fast=draw.choice([False, True]), count=count)
    return head + "\n".join(lines) + TAIL.format(tasks=tasks)


def apart(source: str) -> str:
    """Return the program with times of which no two are equal.

    Time-outs that come at one moment cancel at once under trio, and one after the other elsewhere.
    """
    numbers = counted(1)
    times = r"(?<=move_on_after\()\d|(?<=fail_after\()\d|(?<=anyio.sleep\()\d|(?<=time\(\) \+ )\d"
    return re.sub(times, lambda found: f"{found[0]}.{next(numbers):02}3", source)
