"""A customer who gives up as the parcel is about to be sent."""

import trio

from saga.bank import Bank


async def customer(scope):
    await trio.sleep(2)
    scope.cancel()


async def ordering(core, scope, bank, sent):
    with scope:
        await core.order(bank, sent)


async def run(core):
    bank, sent, scope = Bank(), [], trio.CancelScope()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ordering, core, scope, bank, sent, name="order")
        nursery.start_soon(customer, scope, name="customer")
    assert bank.charged == 5 * len(sent), f"{bank.charged} charged, {len(sent)} sent"
