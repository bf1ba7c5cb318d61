"""Five objects that clients share, each correct and broken: the broken one awaits too early."""

from __future__ import annotations

from typing import Any, ClassVar

import trio
from hypothesis import strategies as st

from raceexplore.linearizability import counter, pool, queue, register, ttl_map
from raceexplore.stateful import Bundle, ConcurrentStateMachine, consumes, rule

checkpoint = trio.lowlevel.checkpoint
small = st.integers(0, 2)


class Register:
    def __init__(self) -> None:
        self.value, self.lock = 0, trio.Lock()

    async def read(self) -> int:
        await checkpoint()
        return self.value

    async def write(self, value: int) -> None:
        async with self.lock:
            self.value = value

    async def cas(self, old: int, new: int) -> bool:
        async with self.lock:
            if self.value != old:
                return False
            await checkpoint()
            self.value = new
            return True


class BrokenRegister(Register):
    async def cas(self, old: int, new: int) -> bool:
        if self.value != old:
            return False
        await checkpoint()  # whoever compares now finds the old value too
        self.value = new
        return True

    async def write(self, value: int) -> None:
        await checkpoint()
        self.value = value


class Counter:
    def __init__(self) -> None:
        self.total, self.lock = 0, trio.Lock()

    async def add(self, n: int) -> int:
        async with self.lock:
            before = self.total
            await checkpoint()
            self.total = before + n
            return self.total

    async def read(self) -> int:
        await checkpoint()
        return self.total


class BrokenCounter(Counter):
    async def add(self, n: int) -> int:
        before = self.total
        await checkpoint()  # an add in between is lost
        self.total = before + n
        return self.total


class Queue:
    def __init__(self) -> None:
        self.items: list[int] = []
        self.lock = trio.Lock()

    async def put(self, item: int) -> None:
        async with self.lock:
            await checkpoint()
            self.items.append(item)

    async def get(self) -> int | None:
        async with self.lock:
            await checkpoint()
            return self.items.pop(0) if self.items else None


class BrokenQueue(Queue):
    async def get(self) -> int | None:
        found = self.items[0] if self.items else None
        await checkpoint()  # whoever looks now finds the same item
        self.items = self.items[1:]
        return found


class TTLMap:
    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.until: dict[str, int] = {}
        self.lock = trio.Lock()

    async def put(self, key: str, value: int, now: int, ttl: int) -> None:
        async with self.lock:
            self.values[key] = value
            await checkpoint()
            self.until[key] = now + ttl

    async def get(self, key: str, now: int) -> int | None:
        async with self.lock:
            await checkpoint()
            return self.values[key] if now < self.until.get(key, 0) else None


class BrokenTTLMap(TTLMap):
    async def get(self, key: str, now: int) -> int | None:
        alive = now < self.until.get(key, 0)
        await checkpoint()  # the value may by now be that of a later put
        return self.values[key] if alive else None


class Pool:
    def __init__(self, items: tuple[str, ...]) -> None:
        self.sender, self.receiver = trio.open_memory_channel[str](len(items))
        for item in items:
            self.sender.send_nowait(item)

    async def acquire(self) -> str:
        return await self.receiver.receive()

    async def release(self, item: str) -> None:
        await self.sender.send(item)


class BrokenPool(Pool):
    def __init__(self, items: tuple[str, ...]) -> None:
        self.free = list(items)

    async def acquire(self) -> str:
        while not self.free:  # noqa: ASYNC110 a simple pool polls
            await trio.sleep(1)
        item = self.free[0]
        await checkpoint()  # whoever looks now is given the same item
        self.free = self.free[1:]
        return item

    async def release(self, item: str) -> None:
        self.free.append(item)


class RegisterMachine(ConcurrentStateMachine):
    model = register(0)
    kind: ClassVar[type[Any]] = Register

    async def setup(self) -> None:
        self.object = self.kind()

    @rule()
    async def read(self) -> int:
        return await self.object.read()

    @rule(value=small)
    async def write(self, value: int) -> None:
        await self.object.write(value)

    @rule(old=small, new=small)
    async def cas(self, old: int, new: int) -> bool:
        return await self.object.cas(old, new)


class CounterMachine(ConcurrentStateMachine):
    model = counter()
    kind: ClassVar[type[Any]] = Counter

    async def setup(self) -> None:
        self.object = self.kind()

    @rule(n=st.integers(1, 9))
    async def add(self, n: int) -> int:
        return await self.object.add(n)

    @rule()
    async def read(self) -> int:
        return await self.object.read()


class QueueMachine(ConcurrentStateMachine):
    model = queue()
    kind: ClassVar[type[Any]] = Queue

    async def setup(self) -> None:
        self.object = self.kind()

    @rule(item=small)
    async def put(self, item: int) -> None:
        await self.object.put(item)

    @rule()
    async def get(self) -> int | None:
        return await self.object.get()


class TTLMapMachine(ConcurrentStateMachine):
    model = ttl_map()
    kind: ClassVar[type[Any]] = TTLMap

    async def setup(self) -> None:
        self.object = self.kind()

    @rule(key=st.sampled_from("xy"), value=small, now=st.integers(0, 9), ttl=st.integers(1, 9))
    async def put(self, key: str, value: int, now: int, ttl: int) -> None:
        await self.object.put(key, value, now, ttl)

    @rule(key=st.sampled_from("xy"), now=st.integers(0, 9))
    async def get(self, key: str, now: int) -> int | None:
        return await self.object.get(key, now)


class PoolMachine(ConcurrentStateMachine):
    model = pool(("p", "q"))
    kind: ClassVar[type[Any]] = Pool
    patience_s = 60
    held = Bundle("held")

    async def setup(self) -> None:
        self.object = self.kind(("p", "q"))

    @rule(target=held)
    async def acquire(self) -> str:
        return await self.object.acquire()

    @rule(item=consumes(held))
    async def release(self, item: str) -> None:
        await self.object.release(item)


SHARED: dict[str, tuple[type[ConcurrentStateMachine], type[Any], type[Any]]] = {
    "register": (RegisterMachine, Register, BrokenRegister),
    "counter": (CounterMachine, Counter, BrokenCounter),
    "queue": (QueueMachine, Queue, BrokenQueue),
    "ttl map": (TTLMapMachine, TTLMap, BrokenTTLMap),
    "pool": (PoolMachine, Pool, BrokenPool),
}
