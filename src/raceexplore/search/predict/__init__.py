"""Where to look first: the boundaries of a system, ranked by how much timing changes at them."""
