"""The service ``chat``, fixed."""

from chat import core_fixed, scenario


async def main():
    await scenario.run(core_fixed)
