"""Tells everybody who was there when it began."""


class Room:
    def __init__(self):
        self.members = []

    def leave(self, member):
        member.present = False
        self.members.remove(member)

    async def say(self, text):
        for member in list(self.members):
            await member.tell(text)
