"""The service ``cache``, buggy."""

from cache import core, scenario


async def main():
    await scenario.run(core)
