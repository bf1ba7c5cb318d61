"""How often a program fails: rates from drawn runs, each with its interval."""
