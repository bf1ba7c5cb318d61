"""The service ``limiter``, fixed."""

from limiter import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
