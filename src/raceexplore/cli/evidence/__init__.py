"""The commands that answer in numbers: how often it fails, whether a fix holds, where to look."""
