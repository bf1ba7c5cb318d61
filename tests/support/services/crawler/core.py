"""Fetches what it has not seen, and notes it then."""


class Crawler:
    def __init__(self, web):
        self.web = web
        self.seen = set()

    async def visit(self, page):
        if page in self.seen:
            return
        links = await self.web.fetch(page)
        self.seen.add(page)
        for link in links:
            await self.visit(link)
