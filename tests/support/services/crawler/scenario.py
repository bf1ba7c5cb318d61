"""Two tasks that come to one page from two others."""

import trio

from crawler.web import Web


async def run(core):
    web = Web()
    crawler = core.Crawler(web)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crawler.visit, "a", name="ann")
        nursery.start_soon(crawler.visit, "b", name="bob")
    assert sorted(web.fetched) == ["a", "b", "c"], web.fetched
