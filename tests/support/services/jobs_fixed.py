"""The service ``jobs``, fixed."""

from jobs import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
