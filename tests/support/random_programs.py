"""Small random programs, as source text: what two or three tasks can do to one another."""

from __future__ import annotations

from random import Random

HEAD = """\
import trio

class Box:
    def __init__(self):
        self.a = self.b = 0

async def main(world):
    box, done, used = Box(), [], [False] * 3
    lock, semaphore, condition = trio.Lock(), trio.Semaphore(1), trio.Condition()
    event, send_receive = trio.Event(), trio.open_memory_channel({buffer})
    send, receive = send_receive
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
    world.event("end", a=box.a, b=box.b, done=done, left=receive.statistics().current_buffer_used)
"""
POINT = "await trio.lowlevel.checkpoint()"
MOVES = {
    "lost update": ["x = box.{v}", POINT, "box.{w} = x + 1"],
    "write": ["box.{v} = {n}"],
    "read": ["y = box.{v}"],
    "collect": ["done.append(box.{v})"],
    "lock": ["async with lock:", "    box.{v} += 1"],
    "semaphore": ["async with semaphore:", "    box.{v} += 1"],
    "set": ["event.set()"],
    "wait": ["with trio.move_on_after(1):", "    await event.wait()"],
    "offer": ["try:", "    send.send_nowait(1)", "except trio.WouldBlock:", "    box.b = 9"],
    "take": ["try:", "    receive.receive_nowait()", "except trio.WouldBlock:", "    box.a = 9"],
    "send": ["with trio.move_on_after(2):", "    await send.send(1)"],
    "receive": ["with trio.move_on_after(2):", "    await receive.receive()", "    box.a = 3"],
    "time out": ["with trio.move_on_after(1):", "    await trio.sleep(2)"],
    "sleep": ["await trio.sleep({n})"],
    "point": [POINT],
    "cancellable lock": ["with own({t}):", "    async with lock:", f"        {POINT}"],
    "cancellable wait": ["with own({t}):", "    await event.wait()", "    box.a = 7"],
    "cancellable point": ["with own({t}):", f"    {POINT}", "    box.b = 7"],
    "cancel": ["scopes[{o}].cancel()"],
    "await notice": ["with trio.move_on_after(2):", "    async with condition:",
                     "        await condition.wait()", "        box.a += 1"],
    "notify": ["async with condition:", "    condition.notify()"],
}  # fmt: skip
BRANCHES = {"branch": ["if box.{v} == {n}:", "    box.{w} = 5"]}
"""Moves after which what an event touches hangs on what it has read."""


def program(seed: int, *, branches: bool = False) -> str:
    """Return the program of that seed; with ``branches``, some events touch what data decide."""
    draw = Random(seed)
    moves = {**MOVES, **(BRANCHES if branches else {})}
    count = draw.choice([2, 2, 2, 3])
    lines = []
    for task in range(count):
        lines.append(f"    async def t{task}():")
        for _ in range(draw.randint(1, 5 if count == 2 else 3)):
            names = {"t": task, "o": draw.randrange(count), "n": draw.randint(0, 2)}
            names |= {"v": draw.choice("ab"), "w": draw.choice("ab")}
            move = moves[draw.choice(sorted(moves))]
            lines += ["        " + line.format(**names) for line in move]
        lines.append("        return")
    tasks = ", ".join(f"t{task}" for task in range(count))
    body = "\n".join(lines)
    return HEAD.format(buffer=draw.choice([0, 1, 2])) + body + TAIL.format(tasks=tasks)
