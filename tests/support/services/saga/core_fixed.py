"""Charges and sends; if the customer gives up, it pays back, and is not to be disturbed."""

import trio


async def order(bank, sent):
    await bank.charge(5)
    try:
        await trio.sleep(1)
        sent.append("parcel")
    except trio.Cancelled:
        with trio.CancelScope(shield=True):
            await bank.refund(5)
        raise
