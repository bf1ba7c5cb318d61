"""Run a program once and see what it touches, and with which values."""
