"""Tells everybody who is still there, and lets nobody leave in the middle of a word."""

import trio


class Room:
    def __init__(self):
        self.members = []
        self.word = trio.Lock()

    async def leave(self, member):
        async with self.word:
            member.present = False
            self.members.remove(member)

    async def say(self, text):
        async with self.word:
            for member in list(self.members):
                await member.tell(text)
