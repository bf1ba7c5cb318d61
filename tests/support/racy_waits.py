"""Small programs that wait for each other, for a lost signal, for a leak; and twins that do not.

All of them fail: a twin for another reason than the one that its kind is named after.
"""

DEADLOCK_CYCLE = """
async def main():
    left, right = trio.Lock(), trio.Lock()

    async def ann():
        async with left:
            async with right:
                pass

    async def bob():
        async with right:
            async with left:
                pass

    await both(ann=ann, bob=bob)
"""
# A semaphore has no owner; who has got it and keeps it holds it.
WITH_A_SEMAPHORE = DEADLOCK_CYCLE.replace("left, right = trio.Lock(), trio", (
    "left, right = trio.Semaphore(1), trio"
))  # fmt: skip
# They wait for ever, but not for each other.
NOBODY_CALLS = """
async def main():
    lock, called = trio.Lock(), trio.Event()

    async def ann():
        async with lock:
            await called.wait()

    async def bob():
        async with lock:
            pass

    await both(ann=ann, bob=bob)
"""

LEAK_ON_CANCEL = """
async def main():
    free = [1, 2]

    async def ann():
        with trio.move_on_after(1):
            seat = free.pop()
            await trio.sleep(2)
            free.append(seat)

    await both(ann=ann, bob=point)
    assert len(free) == 2
"""
# A connection of a pool that is never given back: all who come later wait for ever.
LEAK_OF_A_SEMAPHORE = """
async def main():
    pool = trio.Semaphore(1)

    async def ann():
        with trio.move_on_after(1):
            await pool.acquire()
            await trio.sleep(2)
            pool.release()

    async def bob():
        await trio.sleep(1.5)
        await pool.acquire()

    await both(ann=ann, bob=bob)
"""
# What was taken is given back; the expectation is wrong.
GIVEN_BACK = """
async def main():
    free = [1, 2]

    async def ann():
        with trio.move_on_after(1):
            seat = free.pop()
            try:
                await trio.sleep(2)
            finally:
                free.append(seat)

    await both(ann=ann, bob=point)
    assert len(free) == 3
"""
# The same beside one who buys; the expectation is wrong.
GIVEN_BACK_BESIDE_A_SALE = """
async def main():
    free, sold = [1, 2], []

    async def buys(nap):
        with trio.move_on_after(1):
            seat = free.pop()
            try:
                await trio.sleep(nap)
                sold.append(seat)
            finally:
                if seat not in sold:
                    free.append(seat)

    async def ann():
        await buys(2)

    async def bob():
        await buys(0)

    await both(ann=ann, bob=bob)
    assert len(free) + len(sold) == 3
"""
# Both have done their work when ann's nap is cut short; the expectation is wrong.
CANCELLED_WHEN_DONE = """
async def main():
    free, sold = [1, 2], []

    async def buys(nap):
        with trio.move_on_after(1):
            seat = free.pop()
            await point()
            sold.append(seat)
            await trio.sleep(nap)

    async def ann():
        await buys(2)

    async def bob():
        await buys(0)

    await both(ann=ann, bob=bob)
    assert len(free) + len(sold) == 3
"""

LOST_WAKEUP = """
async def main():
    box, changed = Box(ready=False), trio.Condition()

    async def ann():
        if not box.ready:
            async with changed:
                await changed.wait()

    async def bob():
        async with changed:
            box.ready = True
            changed.notify_all()

    await both(ann=ann, bob=bob)
"""
# The same with events of one's own, of which the signaller has a list.
LOST_IN_A_LIST = """
async def main():
    box, waiters = Box(ready=False), []

    async def ann():
        if not box.ready:
            await point()
            mine = trio.Event()
            waiters.append(mine)
            await mine.wait()

    async def bob():
        box.ready = True
        for waiter in waiters:
            waiter.set()

    await both(ann=ann, bob=bob)
"""
# One condition for two kinds of waiters: a notify that is meant for one may wake the other.
HIJACKED = """
async def main():
    box, changed = Box(n=1), trio.Condition()

    async def ann():
        async with changed:
            while box.n != 0:
                await changed.wait()

    async def cem():
        async with changed:
            while box.n != 2:
                await changed.wait()

    async def bob():
        for n in (0, 2):
            await trio.sleep(1)
            async with changed:
                box.n = n
                changed.notify()

    await both(ann=ann, cem=cem, bob=bob)
"""
# Nobody has forgotten to wait: nobody ever signals.
NEVER_TOLD = LOST_WAKEUP.replace("            changed.notify_all()\n", "")
# Under the lock nothing comes between the look and the wait; what is waited for never comes.
UNDER_THE_LOCK = """
async def main():
    box, changed = Box(n=0), trio.Condition()

    async def ann():
        async with changed:
            while box.n < 2:
                await changed.wait()

    async def bob():
        async with changed:
            box.n = 1
            changed.notify_all()

    await both(ann=ann, bob=bob)
"""
# Bob forgets to notify; that cem uses the lock is no signal.
FORGOTTEN = """
async def main():
    box, changed = Box(n=0), trio.Condition()

    async def ann():
        async with changed:
            while box.n == 0:
                await changed.wait()

    async def bob():
        await trio.sleep(1)
        async with changed:
            box.n = 1

    async def cem():
        await trio.sleep(2)
        async with changed:
            pass

    await both(ann=ann, bob=bob, cem=cem)
"""
# Bob waits on the condition, too, and signals nobody.
BOTH_WAIT = """
async def main():
    box, changed = Box(ready=False), trio.Condition()

    async def ann():
        if not box.ready:
            async with changed:
                await changed.wait()

    async def bob():
        box.ready = True
        async with changed:
            await changed.wait()

    await both(ann=ann, bob=bob)
"""
