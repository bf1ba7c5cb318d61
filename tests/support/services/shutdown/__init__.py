"""A server that shuts down when the last request is answered."""
