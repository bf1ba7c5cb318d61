"""Programs under test, one folder a story: buggy, fixed, and a plausible wrong fix."""
