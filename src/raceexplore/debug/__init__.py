"""Room 6: step through a run, forwards and backwards; it runs again from the start to go back."""
