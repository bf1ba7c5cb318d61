"""The lease story: two leaders, because their clocks disagree about when a lease ends."""
