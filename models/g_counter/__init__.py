"""The g-counter story: two nodes count, and their messages come late, and twice."""
