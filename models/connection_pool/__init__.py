"""The pool story: a connection is handed to somebody who has just given up waiting for it."""
