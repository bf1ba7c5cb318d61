"""The only folder that knows asyncio's internals: its tasks and futures, run by our own loop."""
