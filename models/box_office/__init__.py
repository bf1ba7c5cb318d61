"""The ticketing story end to end: replicas, stubs, load and chaos, each from its own file."""
