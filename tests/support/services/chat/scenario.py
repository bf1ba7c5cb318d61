"""One speaks, one listens and leaves."""

import inspect

import trio

from chat.member import Member


async def leaving(room, member):
    await trio.lowlevel.checkpoint()
    left = room.leave(member)
    if inspect.isawaitable(left):
        await left


async def run(core):
    room, cem = core.Room(), Member("cem")
    room.members.append(cem)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(room.say, "hello", name="speaker")
        nursery.start_soon(leaving, room, cem, name="leaver")
