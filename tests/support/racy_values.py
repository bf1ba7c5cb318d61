"""Small programs, each with a race over values, and twins of the same shape that have none.

All of them fail: a twin for another reason than the one that its kind is named after.
"""

HEAD = """
import trio

point = trio.lowlevel.checkpoint


class Box:
    def __init__(self, **values):
        self.__dict__.update(values)


async def both(**tasks):
    async with trio.open_nursery() as nursery:
        for name, task in tasks.items():
            nursery.start_soon(task, name=name)
"""

LOST_UPDATE = """
async def main():
    box = Box(n=0)

    async def adds():
        seen = box.n
        await point()
        box.n = seen + 1

    await both(ann=adds, bob=adds)
    assert box.n == 2
"""
# Each update looks and writes at once: no addition is lost, the expectation is wrong.
AT_ONE_STEP = (
    LOST_UPDATE.replace("seen = box.n", "await point()")
    .replace("seen", "box.n")
    .replace("== 2", "== 3")
)
# One lock around both steps; the expectation is wrong.
IN_A_LOCK = """
async def main():
    box, lock = Box(n=0), trio.Lock()

    async def adds():
        async with lock:
            seen = box.n
            await point()
            box.n = seen + 1

    await both(ann=adds, bob=adds)
    assert box.n == 3
"""
# The lost update of a counter that nobody looks at; what fails is something else.
OF_NO_ACCOUNT = """
async def main():
    box = Box(n=0, hits=0)

    async def adds():
        box.n += 1
        seen = box.hits
        await point()
        box.hits = seen + 1

    await both(ann=adds, bob=adds)
    assert box.n == 3
"""
# Ann reads, tells bob to write, waits for him, and writes: no other order is possible.
HANDED_OVER = """
async def main():
    box, go, done = Box(n=0), trio.Event(), trio.Event()

    async def ann():
        seen = box.n
        go.set()
        await done.wait()
        box.n = seen + 1

    async def bob():
        await go.wait()
        box.n = 5
        done.set()

    await both(ann=ann, bob=bob)
    assert box.n == 6
"""

STALE_READ = """
async def main():
    box = Box(n=0)

    async def ann():
        seen = box.n
        await point()
        assert box.n == seen

    async def bob():
        box.n = 1

    await both(ann=ann, bob=bob)
"""
READ_SKEW = """
async def main():
    box = Box(left=10, right=0)

    async def ann():
        left = box.left
        await point()
        assert left + box.right == 10

    async def bob():
        box.left -= 4
        box.right += 4

    await both(ann=ann, bob=bob)
"""
# Main reads before there is anybody, and again when all have ended.
BEFORE_AND_AFTER = """
async def main():
    box = Box(n=0)
    seen = box.n

    async def ann():
        await point()
        box.n = 1

    await both(ann=ann, bob=point)
    assert box.n == seen
"""
# It reads what another is in the middle of, and will not take back.
IN_THE_MIDDLE = """
async def main():
    box = Box(left=10, right=0)

    async def ann():
        left = box.left
        await point()
        assert left + box.right == 10

    async def bob():
        box.left -= 4
        await trio.sleep(1)
        box.right += 4

    await both(bob=bob, ann=ann)
"""

CHECK_THEN_ACT = """
async def main():
    box = Box(left=1)

    async def buys():
        if box.left > 0:
            await point()
            box.left -= 1

    await both(ann=buys, bob=buys)
    assert box.left >= 0
"""
CHECK_THEN_POP = """
async def main():
    items = ["last"]

    async def takes():
        if items:
            await point()
            items.pop()

    await both(ann=takes, bob=takes)
"""
# The second check, within the lock, holds when it acts; the expectation is wrong.
CHECKED_TWICE = """
async def main():
    box, lock = Box(left=1), trio.Lock()

    async def buys():
        if box.left > 0:
            async with lock:
                if box.left > 0:
                    box.left -= 1

    await both(ann=buys, bob=buys)
    assert box.left == 1
"""
# Each turn of the loop looks and acts at once.
AT_ONCE = """
async def main():
    box = Box(n=0, total=0)

    async def counts():
        for n in range(3):
            box.n = n
            await point()

    async def adds():
        for _ in range(3):
            box.total += box.n
            await point()

    await both(ann=counts, bob=adds)
    assert box.total == 99
"""

WRITE_SKEW = """
async def main():
    on_call = Box(ann=True, bob=True)

    async def ann():
        if on_call.bob:
            await point()
            on_call.ann = False

    async def bob():
        if on_call.ann:
            await point()
            on_call.bob = False

    await both(ann=ann, bob=bob)
    assert on_call.ann or on_call.bob
"""
# A lock around check and act: one of them stays, and the expectation is wrong.
TAKING_TURNS = """
async def main():
    on_call, lock = Box(ann=True, bob=True), trio.Lock()

    async def ann():
        async with lock:
            if on_call.bob:
                await point()
                on_call.ann = False

    async def bob():
        async with lock:
            if on_call.ann:
                await point()
                on_call.bob = False

    await both(ann=ann, bob=bob)
    assert on_call.ann and on_call.bob
"""

ABA = """
async def main():
    below, stack = {"a": "b", "b": "", "": ""}, Box(head="a")

    async def ann():
        top = stack.head
        under = below[top]
        await point()
        if stack.head == top:
            stack.head = under

    async def bob():
        stack.head = "b"
        await point()
        stack.head = ""
        below["a"] = ""
        await point()
        stack.head = "a"

    await both(ann=ann, bob=bob)
    assert stack.head != "b"
"""
# It was changed and changed back, but so that what depends on it is the same again.
AS_IT_WAS = """
async def main():
    below, stack = {"a": "b", "b": "", "": ""}, Box(head="a")

    async def ann():
        top = stack.head
        under = below[top]
        await point()
        if stack.head == top:
            stack.head = under

    async def bob():
        stack.head = "b"
        await point()
        stack.head = "a"

    await both(ann=ann, bob=bob)
    assert stack.head == "c"
"""
