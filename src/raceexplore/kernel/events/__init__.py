"""What the events of a run did: recorded, their causes, conflicts and order."""
