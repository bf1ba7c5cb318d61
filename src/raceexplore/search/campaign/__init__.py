"""Many runs of one program with one budget, and what they found."""
