"""Find and load the program under test."""
