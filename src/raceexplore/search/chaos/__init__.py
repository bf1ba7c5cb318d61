"""A program under chaos: one run of a plan, and a campaign of many."""
