"""The service ``saga``, buggy."""

from saga import core, scenario


async def main():
    await scenario.run(core)
