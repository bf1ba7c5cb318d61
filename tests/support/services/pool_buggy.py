"""The service ``pool``, buggy."""

from pool import core, scenario


async def main():
    await scenario.run(core)
