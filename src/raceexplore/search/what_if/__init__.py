"""What would cure a failure: lines made atomic, tried on many schedules."""
