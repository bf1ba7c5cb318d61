"""The service ``cache``, fixed."""

from cache import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
