"""The service ``pool``, fixed."""

from pool import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
