"""What is found in a run beside its events: what asyncio only logs, and what tasks wait for."""
