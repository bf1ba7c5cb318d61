"""The service ``crawler``, fixed."""

from crawler import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
