"""The service ``crawler``, buggy."""

from crawler import core, scenario


async def main():
    await scenario.run(core)
