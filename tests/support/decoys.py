"""Programs with decoys: one bug, and beside it what looks like one and is none.

Each was written down with its cause before it was run. CAUSES: by program, words of which one has
to be in the first ten lines of the report; DECOYS: words that may not be said to be the cause.
"""

from __future__ import annotations

import decoys_beside

HEAD = "import trio\n\n\n"

METRICS = """
class Stats:
    seen = 0


class Account:
    def __init__(self):
        self.balance = 100


async def withdraw(account, stats, amount):
    known = stats.seen
    left = account.balance
    await trio.lowlevel.checkpoint()
    account.balance = left - amount
    stats.seen = known + 1


async def main():
    account, stats = Account(), Stats()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(withdraw, account, stats, 30, name="ann")
        nursery.start_soon(withdraw, account, stats, 20, name="bob")
    assert account.balance == 50
"""

INNOCENT = """
class Shelf:
    def __init__(self):
        self.books = 1
        self.visits = 0


async def borrow(shelf, lent):
    if shelf.books:
        await trio.lowlevel.checkpoint()
        shelf.books -= 1
        lent.append(1)


async def visitor(shelf):
    for _ in range(3):
        visits = shelf.visits
        await trio.lowlevel.checkpoint()
        shelf.visits = visits + 1


async def main():
    shelf, lent = Shelf(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(visitor, shelf, name="vera")
        nursery.start_soon(borrow, shelf, lent, name="ann")
        nursery.start_soon(visitor, shelf, name="vic")
        nursery.start_soon(borrow, shelf, lent, name="bob")
    assert shelf.books >= 0
"""

UNRELATED_LOCK = """
class Till:
    def __init__(self):
        self.cash = 0
        self.door = trio.Lock()
        self.opened = 0


async def sell(till, price):
    async with till.door:
        till.opened += 1
    cash = till.cash
    await trio.lowlevel.checkpoint()
    till.cash = cash + price
    async with till.door:
        till.opened += 1


async def main():
    till = Till()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sell, till, 3, name="ann")
        nursery.start_soon(sell, till, 4, name="bob")
    assert till.cash == 7
"""

LOGGER = """
class Log:
    def __init__(self):
        self.lines = []
        self.last = ""


class Ticket:
    def __init__(self):
        self.owner = None


async def take(ticket, log, name, taken):
    log.last = name
    log.lines.append(name)
    if ticket.owner is None:
        await trio.lowlevel.checkpoint()
        ticket.owner = name
        taken.append(name)
    log.last = f"{name} is done"


async def main():
    ticket, log, taken = Ticket(), Log(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, ticket, log, "ann", taken, name="ann")
        nursery.start_soon(take, ticket, log, "bob", taken, name="bob")
    assert len(taken) == 1
"""

SECOND_FIELD = """
class Cart:
    def __init__(self):
        self.total = 0
        self.touched = 0


async def add(cart, price):
    touched, total = cart.touched, cart.total
    await trio.lowlevel.checkpoint()
    cart.touched = touched + 1
    cart.total = total + price


async def main():
    cart = Cart()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(add, cart, 5, name="ann")
        nursery.start_soon(add, cart, 6, name="bob")
    assert cart.total == 11
"""

CACHE = """
class Cache:
    def __init__(self):
        self.hits = 0
        self.rows = {}
        self.loads = 0


async def load(cache, key):
    hits = cache.hits
    if key not in cache.rows:
        await trio.sleep(1)
        cache.loads += 1
        cache.rows[key] = "row"
    cache.hits = hits + 1


async def main():
    cache = Cache()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(load, cache, "k", name="ann")
        nursery.start_soon(load, cache, "k", name="bob")
    assert cache.loads == 1
"""

LATE_CHECK = """
class Door:
    def __init__(self):
        self.open = True
        self.counter = 0


async def guest(door):
    counter = door.counter
    is_open = door.open
    await trio.lowlevel.checkpoint()
    door.counter = counter + 1
    if is_open:
        assert door.open, "walked into a closed door"


async def porter(door):
    counter = door.counter
    await trio.lowlevel.checkpoint()
    door.open = False
    door.counter = counter + 1


async def main():
    door = Door()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guest, door, name="guest")
        nursery.start_soon(porter, door, name="porter")
"""

TRACING = """
class Span:
    def __init__(self):
        self.depth = 0
        self.names = []


span = Span()


async def traced(name, function, *args):
    depth = span.depth
    span.names.append(name)
    span.depth = depth + 1
    await function(*args)
    span.depth = depth


class Seats:
    def __init__(self):
        self.free = [1]


async def book(seats, booked):
    if seats.free:
        await trio.lowlevel.checkpoint()
        booked.append(seats.free.pop())


async def main():
    span.depth, span.names = 0, []
    seats, booked = Seats(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(traced, "ann", book, seats, booked, name="ann")
        nursery.start_soon(traced, "bob", book, seats, booked, name="bob")
"""

PROGRAMS = {
    name: text.lstrip()
    for held in (globals(), vars(decoys_beside))
    for name, text in held.items()
    if name.isupper() and name != "HEAD" and isinstance(text, str)
}
CAUSES = {
    "METRICS": "Account.balance",
    "INNOCENT": "Shelf.books",
    "UNRELATED_LOCK": "Till.cash",
    "LOGGER": "Ticket.owner",
    "SECOND_FIELD": "Cart.total",
    "CACHE": "Cache.rows",
    "LATE_CHECK": "Door.open",
    "TRACING": "Seats.free",
    "POLITE": "Printer.jobs",
    "DEADLINES": "Pool.idle",
    "HEARTBEAT": "Node.leader",
    "TWO_LOCKS": "Bank.left",
    "QUEUE": "Queue.items",
    "CONFIG": "Config.version",
    "ESTIMATE": "Meter.value",
    "HISTORY": "Stock.left",
}
DECOYS = {
    "METRICS": "Stats.seen",
    "INNOCENT": "Shelf.visits",
    "UNRELATED_LOCK": "Till.opened",
    "LOGGER": "Log.",
    "SECOND_FIELD": "Cart.touched",
    "CACHE": "Cache.hits",
    "LATE_CHECK": "Door.counter",
    "TRACING": "Span.",
    "POLITE": "Printer.printed",
    "DEADLINES": "Pool.asked",
    "HEARTBEAT": "Node.beats",
    "TWO_LOCKS": "Bank.audits",
    "QUEUE": "Queue.polls",
    "CONFIG": "Config.reads",
    "ESTIMATE": "Meter.average",
    "HISTORY": "Stock.sales",
}
