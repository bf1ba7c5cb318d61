"""The service ``saga``, fixed."""

from saga import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
