"""Small random asyncio programs, as source text: what two or three tasks can do to one another."""

from __future__ import annotations

from random import Random

HEAD = """\
import asyncio

class Box:
    def __init__(self):
        self.a = self.b = 0

    def set_a(self, value):
        self.a = value

async def main(world):
    box, done, tasks = Box(), [], []
    lock, semaphore, condition = asyncio.Lock(), asyncio.Semaphore(1), asyncio.Condition()
    event, queue, barrier = asyncio.Event(), asyncio.Queue({buffer}), asyncio.Barrier(2)
    promise = asyncio.get_running_loop().create_future()

    async def leaf():
        await asyncio.sleep(0)
        box.b += 1
        return box.a
"""
TAIL = """
    for task in ({tasks}):
        tasks.append(asyncio.create_task(task()))
    {join}
    ends = [type(r).__name__ if isinstance(r, BaseException) else r for r in results]
    world.event("end", a=box.a, b=box.b, done=list(done), left=queue.qsize(), ends=ends)
"""
GATHERED = "results = await asyncio.gather(*tasks, return_exceptions=True)"
WAITED = """\
await asyncio.wait(tasks)
    results = [task.cancelled() for task in tasks]"""
AWAITED = """\
results = []
    for task in tasks:
        try:
            results.append(await task)
        except asyncio.CancelledError:
            results.append('cancelled')
        except Exception as error:
            results.append(type(error).__name__)"""
POINT = "await asyncio.sleep(0)"
MOVES = {
    "lost update": ["x = box.{v}", POINT, "box.{w} = x + 1"],
    "write": ["box.{v} = {n}"],
    "read": ["y = box.{v}"],
    "collect": ["done.append(box.{v})"],
    "lock": ["async with lock:", f"    {POINT}", "    box.{v} += 1"],
    "look at lock": ["done.append(lock.locked())"],
    "semaphore": ["async with semaphore:", f"    {POINT}", "    box.{v} += 1"],
    "set": ["event.set()"],
    "clear": ["event.clear()"],
    "wait": ["try:", "    await asyncio.wait_for(event.wait(), 1)", "except TimeoutError:",
             "    box.a = 8"],
    "offer": ["try:", "    queue.put_nowait(1)", "except asyncio.QueueFull:", "    box.b = 9"],
    "take": ["try:", "    queue.get_nowait()", "except asyncio.QueueEmpty:", "    box.a = 9"],
    "put": ["try:", "    async with asyncio.timeout(2):", "        await queue.put(1)",
            "except TimeoutError:", "    box.a = 4"],
    "get": ["try:", "    async with asyncio.timeout(2):", "        await queue.get()",
            "except TimeoutError:", "    box.b = 4"],
    "sleep": ["await asyncio.sleep({n})"],
    "point": [POINT],
    "cancel": ["tasks[{o}].cancel()"],
    "is done": ["done.append(tasks[{o}].done())"],
    "clean up": ["try:", f"    {POINT}", "finally:", "    box.{v} = 6"],
    "catch": ["try:", f"    {POINT}", "except asyncio.CancelledError:", "    box.{v} = 5",
              "    raise"],
    "await notice": ["try:", "    async with asyncio.timeout(2), condition:",
                     "        await condition.wait()", "        box.a += 1",
                     "except TimeoutError:", "    pass"],
    "notify": ["async with condition:", "    condition.notify()"],
    "gather": ["await asyncio.gather(leaf(), leaf())"],
    "group": ["async with asyncio.TaskGroup() as group:", "    group.create_task(leaf())",
              "    box.{v} += 2"],
    "failing group": ["try:", "    async with asyncio.TaskGroup() as group:",
                      "        group.create_task(leaf())", "        raise ValueError",
                      "except* ValueError:", "    box.{v} = 3"],
    "shield": ["await asyncio.shield(tasks[{o}])"],
    "spawn": ["child = asyncio.create_task(leaf())", "box.{v} = {n}", "await child"],
    "spawn and cancel": ["child = asyncio.create_task(leaf())", POINT, "child.cancel()",
                         "await asyncio.wait([child])"],
    "first": ["pair = [asyncio.create_task(leaf()), asyncio.create_task(event.wait())]",
              "await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)",
              "for one in pair:", "    one.cancel()", "await asyncio.wait(pair)"],
    "soon": ["asyncio.get_running_loop().call_soon(box.set_a, {n})", POINT],
    "later": ["handle = asyncio.get_running_loop().call_later(1, box.set_a, {n})",
              "await asyncio.sleep({n})", "handle.cancel()"],
    "callback": ["tasks[{o}].add_done_callback(lambda task: done.append('end'))"],
    "promise": ["if not promise.done():", "    promise.set_result({n})"],
    "await promise": ["try:", "    await asyncio.wait_for(asyncio.shield(promise), 1)",
                      "except TimeoutError:", "    box.{v} = 2"],
    "thread": ["await asyncio.to_thread(box.set_a, {n})"],
    "barrier": ["try:", "    async with asyncio.timeout(1):", "        await barrier.wait()",
                "except (TimeoutError, asyncio.BrokenBarrierError):", "    box.{v} = 1"],
    "fail": ["if box.a == {n}:", "    raise KeyError(box.b)"],
}  # fmt: skip


def program(seed: int) -> str:
    """Return the program of that seed."""
    draw = Random(seed)
    count = draw.choice([2, 2, 2, 3])
    lines = []
    for task in range(count):
        lines.append(f"    async def t{task}():")
        for _ in range(draw.randint(1, 4 if count == 2 else 2)):
            names = {"t": task, "o": draw.randrange(count), "n": draw.randint(0, 2)}
            names |= {"v": draw.choice("ab"), "w": draw.choice("ab")}
            move = MOVES[draw.choice(sorted(MOVES))]
            lines += ["        " + line.format(**names) for line in move]
        lines.append(f"        return {task}")
    tasks = ", ".join(f"t{task}" for task in range(count))
    tail = TAIL.format(tasks=tasks, join=draw.choice([GATHERED, WAITED, AWAITED]))
    return HEAD.format(buffer=draw.choice([1, 2])) + "\n".join(lines) + tail
