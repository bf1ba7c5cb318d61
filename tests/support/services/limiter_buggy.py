"""The service ``limiter``, buggy."""

from limiter import core, scenario


async def main():
    await scenario.run(core)
