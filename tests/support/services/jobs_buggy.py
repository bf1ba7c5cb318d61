"""The service ``jobs``, buggy."""

from jobs import core, scenario


async def main():
    await scenario.run(core)
