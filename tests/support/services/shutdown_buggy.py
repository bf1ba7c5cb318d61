"""The service ``shutdown``, buggy."""

from shutdown import core, scenario


async def main():
    await scenario.run(core)
