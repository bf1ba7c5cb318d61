"""The source of a program, rewritten to tell what it reads and writes."""
