"""Failures that are kept: as entries, replayed, also after an edit."""
