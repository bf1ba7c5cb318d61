"""Notes what it has not seen, and fetches it then."""


class Crawler:
    def __init__(self, web):
        self.web = web
        self.seen = set()

    async def visit(self, page):
        if page in self.seen:
            return
        self.seen.add(page)
        links = await self.web.fetch(page)
        for link in links:
            await self.visit(link)
