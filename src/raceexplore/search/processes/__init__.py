"""A campaign shared by several processes, and equal for any number."""
