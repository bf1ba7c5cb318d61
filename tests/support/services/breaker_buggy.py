"""The service ``breaker``, buggy."""

from breaker import core, scenario


async def main():
    await scenario.run(core)
