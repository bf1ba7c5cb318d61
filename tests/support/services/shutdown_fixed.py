"""The service ``shutdown``, fixed."""

from shutdown import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
