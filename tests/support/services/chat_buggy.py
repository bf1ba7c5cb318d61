"""The service ``chat``, buggy."""

from chat import core, scenario


async def main():
    await scenario.run(core)
