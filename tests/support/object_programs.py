"""Small random programs whose tasks hand objects to one another, as source text.

Each task has an object ``x`` with a number, in its hands; what others have left somewhere, or
sent, takes its place. Where it is left: in modules, classes, closures, variables of the run and of
the context, defaults of parameters, slots, dataclasses, containers, channels, locks made late.
"""

from __future__ import annotations

from random import Random

HEAD = """\
import trio
from collections import deque
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

POINT = trio.lowlevel.checkpoint

class Box:
    def __init__(self):
        self.n = 0
        self.held = None

class Slots:
    __slots__ = ("n", "held")
    def __init__(self):
        self.n, self.held = 0, None

@dataclass(eq=False)
class Data:
    n: int = 0
    held: object = None
    past: list = field(default_factory=list)

class Count:
    total = 0
    held = None
    past = []
    @property
    def next(self):
        Count.total += 1
        return Count.total

KEPT, QUEUE, TABLE, KEYED, ONE_OF = [], deque(), {}, {}, set()
EVENTS, LOCKS, ENDS, MADE = [], {}, [], []
RUN = trio.lowlevel.RunVar("run")
CONTEXT = ContextVar("context", default=None)
current = None

def note(number, past=[]):
    past.append(number)
    return len(past)

def make(kind):
    MADE.append(kind())
    return MADE[-1]

async def child(x):
    x.n += 1
    await POINT()
    x.n *= 2

async def fail(x):
    await POINT()
    x.n += 1
    raise ValueError(x.n)

async def serve(x, task_status=trio.TASK_STATUS_IGNORED):
    mine = Box()
    mine.held = x
    task_status.started(mine)
    await POINT()
    mine.n += 1
    x.n += 1

async def numbers(x):
    for number in range(x.n % 2 + 1):
        yield number
        await POINT()
        x.n += 1

@asynccontextmanager
async def holding(x):
    x.n += 1
    yield x
    x.n *= 2

async def main(world):
    global current
    for kept in (KEPT, QUEUE, TABLE, KEYED, ONE_OF, EVENTS, LOCKS, ENDS, MADE, Count.past):
        kept.clear()
    note.__defaults__[0].clear()
    current, Count.total, Count.held = None, 0, None
    CONTEXT.set([0])
    kept = None
    lock, fifo, semaphore = trio.Lock(), trio.StrictFIFOLock(), trio.Semaphore(1)
    limiter, condition, lot = trio.CapacityLimiter(1), trio.Condition(), trio.lowlevel.ParkingLot()
    event, scope = trio.Event(), trio.CancelScope()
    send, receive = trio.open_memory_channel({buffer})
    entered = []
"""
TAIL = """
    async with trio.open_nursery() as nursery:
        for task in ({tasks}):
            nursery.start_soon(task)
    told = [(type(x).__name__, x.n) for x in MADE]
    left = [MADE.index(x) if x in MADE else x.n for x in (*KEPT, *QUEUE)]
    world.event("end", told=sorted(told), left=left, total=Count.total, context=CONTEXT.get())
"""
MOVES = {
    "make": ["x = make({kind})"],
    "add": ["x.n += 1"],
    "scale": ["x.n *= 3"],
    "update": ["seen = x.n", "await POINT()", "x.n = seen + 1"],
    "keep": ["KEPT.append(x)"],
    "last": ["x = KEPT[-1] if KEPT else x"],
    "first": ["if KEPT:", "    x = KEPT.pop(0)"],
    "enqueue": ["QUEUE.append(x)"],
    "dequeue": ["if QUEUE:", "    x = QUEUE.popleft()"],
    "store": ["TABLE['{v}'] = x"],
    "look": ["x = TABLE.get('{v}', x)"],
    "key": ["KEYED[x] = Box()"],
    "keyed": ["for each in KEYED.values():", "    each.n += 1", "if x in KEYED:", "    x.n += 5"],
    "one of": ["ONE_OF.add(x)"],
    "is one of": ["if x in ONE_OF:", "    ONE_OF.discard(x)", "    x.n += 7"],
    "only one": ["if len(ONE_OF) == 1:", "    x = ONE_OF.pop()"],
    "global": ["current = x"],
    "from global": ["x = current or x"],
    "class": ["Count.held = x"],
    "from class": ["x = Count.held or x"],
    "class list": ["Count.past.append(x.n)"],
    "property": ["x.n += Count().next"],
    "closure": ["kept = x"],
    "from closure": ["x = kept or x"],
    "run": ["RUN.set(x)"],
    "from run": ["x = RUN.get(x)"],
    "context": ["CONTEXT.get()[0] += x.n + 1"],
    "default": ["x.n += note(x.n)"],
    "inside": ["x.held = make({kind})"],
    "from inside": ["x = x.held or x"],
    "loop": ["for _ in range(x.n % 3):", "    KEPT.append(make({kind}))"],
    "send": ["with trio.move_on_after(1):", "    await send.send(x)"],
    "receive": ["with trio.move_on_after(1):", "    x = await receive.receive()"],
    "clone": ["with send.clone() as end, trio.move_on_after(1):", "    await end.send(x)"],
    "offer": ["try:", "    send.send_nowait(x)", "except trio.WouldBlock:", "    x.n += 9"],
    "take": ["try:", "    x = receive.receive_nowait()", "except trio.WouldBlock:", "    x.n += 9"],
    "spawn": ["nursery.start_soon(child, x)"],
    "nested": ["async with trio.open_nursery() as inner:", "    inner.start_soon(child, x)",
               "    inner.start_soon(child, make({kind}))"],
    "start": ["x = await nursery.start(serve, x)"],
    "fail": ["try:", "    async with trio.open_nursery() as inner:",
             "        inner.start_soon(fail, x)", "        await POINT()",
             "except* ValueError as group:", "    x.n += group.exceptions[0].args[0]"],
    "event": ["EVENTS.append(trio.Event())", "with trio.move_on_after(1):",
              "    await EVENTS[-1].wait()", "    x.n += 4"],
    "set events": ["for each in EVENTS:", "    each.set()"],
    "late lock": ["async with LOCKS.setdefault('{v}', trio.Lock()):", "    x.n += 1",
                  "    await POINT()"],
    "channel": ["left, right = trio.open_memory_channel(1)", "left.send_nowait(x)",
                "ENDS.append(right)"],
    "from channel": ["if ENDS:", "    x = ENDS.pop().receive_nowait()"],
    "lock": ["async with lock:", "    x.n += 1"],
    "fifo": ["async with fifo:", "    x.n += 1"],
    "semaphore": ["with trio.move_on_after(1):", "    await semaphore.acquire()", "    x.n += 1"],
    "release": ["if semaphore.value < 2:", "    semaphore.release()"],
    "limiter": ["async with limiter:", "    x.n += limiter.borrowed_tokens"],
    "more tokens": ["limiter.total_tokens += 1"],
    "wait": ["with trio.move_on_after(1):", "    async with condition:",
             "        await condition.wait()", "        x.n += 1"],
    "notify": ["async with condition:", "    condition.notify()"],
    "park": ["with trio.move_on_after(1):", "    await lot.park()", "    x.n += 1"],
    "unpark": ["x.n += len(lot.unpark())"],
    "set": ["event.set()"],
    "is set": ["x.n += event.is_set()"],
    "statistics": ["x.n += receive.statistics().current_buffer_used + lock.locked()"],
    "scope": ["if not entered:", "    entered.append(1)", "    with scope:",
              "        await POINT()",
              "        x.n += 1"],
    "cancel": ["scope.cancel()"],
    "deadline": ["scope.deadline = trio.current_time() + {n}"],
    "caught": ["x.n += scope.cancelled_caught + scope.cancel_called"],
    "sleep": ["await trio.sleep({n})"],
    "point": ["await POINT()"],
    "generator": ["async for number in numbers(x):", "    x.n += number"],
    "manager": ["async with holding(x) as x:", "    await POINT()"],
}  # fmt: skip
PUTS_AND_GETS = [
    ("keep", "last"), ("keep", "first"), ("enqueue", "dequeue"), ("store", "look"),
    ("key", "keyed"), ("one of", "is one of"), ("one of", "only one"), ("global", "from global"),
    ("class", "from class"), ("closure", "from closure"), ("run", "from run"),
    ("inside", "from inside"), ("send", "receive"), ("clone", "receive"), ("offer", "take"),
    ("offer", "receive"), ("send", "take"), ("event", "set events"), ("channel", "from channel"),
    ("late lock", "late lock"), ("semaphore", "release"), ("limiter", "more tokens"),
    ("wait", "notify"), ("park", "unpark"), ("set", "is set"), ("scope", "cancel"),
    ("scope", "deadline"), ("cancel", "caught"), ("send", "statistics"), ("lock", "statistics"),
]  # fmt: skip
"""Moves that have something to do with each other: what one task does, and then another."""


def program(seed: int) -> str:
    """Return the program of that seed."""
    draw = Random(seed)
    count = draw.choice([2, 2, 2, 3])
    moves: list[list[str]] = [[] for _ in range(count)]
    for _ in range(draw.choice([1, 2]) if count == 2 else 1):
        put, get = draw.choice(PUTS_AND_GETS)
        giver, taker = draw.sample(range(count), 2)
        moves[giver] += [put, draw.choice(["add", "scale", "update"])]
        moves[taker] += [get, draw.choice(["add", "scale", "update"])]
    for mine in moves:
        for _ in range(draw.randint(0 if mine else 1, 1 if count == 3 else 2)):
            mine.insert(draw.randint(0, len(mine)), draw.choice(sorted(MOVES)))
    lines = []
    for task, mine in enumerate(moves):
        lines += [f"    async def t{task}():", "        global current", "        nonlocal kept"]
        lines += ["        x = make(Box)"]
        for move in mine:
            names = {"kind": draw.choice(["Box", "Slots", "Data"]), "n": draw.randint(0, 2)}
            names |= {"v": draw.choice("ab")}
            lines += ["        " + line.format(**names) for line in MOVES[move]]
    tasks = ", ".join(f"t{task}" for task in range(count))
    head = HEAD.replace("{buffer}", str(draw.choice([0, 1])))
    return head + "\n".join(lines) + TAIL.format(tasks=tasks)
