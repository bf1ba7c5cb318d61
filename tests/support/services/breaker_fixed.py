"""The service ``breaker``, fixed."""

from breaker import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
