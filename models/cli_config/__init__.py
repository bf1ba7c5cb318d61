"""The settings story: two calls of a command-line tool change one file."""
