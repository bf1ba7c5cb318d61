"""The service ``leader``, fixed."""

from leader import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
