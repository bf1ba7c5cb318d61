"""The only room that knows trio's internals: its loop, in our hands."""
