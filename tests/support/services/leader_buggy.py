"""The service ``leader``, buggy."""

from leader import core, scenario


async def main():
    await scenario.run(core)
