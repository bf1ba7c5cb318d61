"""Runs and campaigns as text for a terminal."""
