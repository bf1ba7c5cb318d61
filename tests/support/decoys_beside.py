"""More programs with decoys: what happens beside the bug, and has no part in it."""

from __future__ import annotations

POLITE = """
class Printer:
    def __init__(self):
        self.jobs = 0
        self.pages = trio.Lock()
        self.printed = 0


async def polite(printer):
    async with printer.pages:
        printed = printer.printed
        await trio.lowlevel.checkpoint()
        printer.printed = printed + 1


async def rude(printer):
    jobs = printer.jobs
    await trio.lowlevel.checkpoint()
    printer.jobs = jobs + 1


async def main():
    printer = Printer()
    async with trio.open_nursery() as nursery:
        for name in ("ann", "bob"):
            nursery.start_soon(polite, printer, name=f"polite {name}")
            nursery.start_soon(rude, printer, name=f"rude {name}")
    assert printer.printed == 2
    assert printer.jobs == 2
"""

DEADLINES = """
class Pool:
    def __init__(self):
        self.idle = 1
        self.asked = 0


async def use(pool, patience):
    asked = pool.asked
    with trio.move_on_after(patience):
        pool.idle -= 1
        await trio.sleep(2)
        pool.idle += 1
    pool.asked = asked + 1


async def main():
    pool = Pool()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(use, pool, 1, name="hasty")
        nursery.start_soon(use, pool, 5, name="patient")
    assert pool.idle == 1
"""

HEARTBEAT = """
class Node:
    def __init__(self):
        self.leader = None
        self.beats = 0


async def campaign(node, name, elected):
    if node.leader is None:
        await trio.sleep(1)
        node.leader = name
        elected.append(name)


async def heartbeat(node):
    for _ in range(4):
        beats = node.beats
        await trio.sleep(0.5)
        node.beats = beats + 1


async def main():
    node, elected = Node(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(heartbeat, node, name="beat")
        nursery.start_soon(campaign, node, "ann", elected, name="ann")
        nursery.start_soon(campaign, node, "bob", elected, name="bob")
    assert len(elected) == 1, elected
"""

TWO_LOCKS = """
class Bank:
    def __init__(self):
        self.left, self.right = trio.Lock(), trio.Lock()
        self.audits = 0


async def transfer(bank, first, second):
    audits = bank.audits
    async with first:
        await trio.lowlevel.checkpoint()
        async with second:
            bank.audits = audits + 1


async def main():
    bank = Bank()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transfer, bank, bank.left, bank.right, name="ann")
        nursery.start_soon(transfer, bank, bank.right, bank.left, name="bob")
"""

QUEUE = """
class Queue:
    def __init__(self):
        self.items = ["job"]
        self.polls = 0


async def worker(queue, done):
    polls = queue.polls
    if queue.items:
        await trio.lowlevel.checkpoint()
        done.append(queue.items[0])
        del queue.items[:1]
    queue.polls = polls + 1


async def main():
    queue, done = Queue(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker, queue, done, name="ann")
        nursery.start_soon(worker, queue, done, name="bob")
    assert done == ["job"]
"""

CONFIG = """
class Config:
    def __init__(self):
        self.url = "old"
        self.version = 1
        self.reads = 0


async def reload(config):
    reads = config.reads
    config.url = "new"
    await trio.lowlevel.checkpoint()
    config.version = 2
    config.reads = reads + 1


async def client(config, seen):
    reads = config.reads
    await trio.lowlevel.checkpoint()
    seen.append((config.url, config.version))
    config.reads = reads + 1


async def main():
    config, seen = Config(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reload, config, name="reload")
        nursery.start_soon(client, config, seen, name="client")
    assert seen[0] in [("old", 1), ("new", 2)], seen
"""

ESTIMATE = """
class Meter:
    def __init__(self):
        self.value = 0
        self.average = 0.0


async def measure(meter, value):
    average = meter.average
    old = meter.value
    await trio.lowlevel.checkpoint()
    meter.value = old + value
    meter.average = (average + value) / 2


async def main():
    meter = Meter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(measure, meter, 2, name="ann")
        nursery.start_soon(measure, meter, 4, name="bob")
    assert meter.value == 6, meter.value
"""

HISTORY = """
class Stock:
    def __init__(self):
        self.left = 1
        self.log = []
        self.sales = {}


async def buy(stock, name):
    stock.log.append(f"{name} looks")
    left = stock.left
    stock.sales[name] = left
    if left:
        await trio.lowlevel.checkpoint()
        stock.left = left - 1
        stock.log.append(f"{name} buys")


async def main():
    stock = Stock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(buy, stock, "ann", name="ann")
        nursery.start_soon(buy, stock, "bob", name="bob")
    assert sum(line.endswith("buys") for line in stock.log) <= 1
"""
