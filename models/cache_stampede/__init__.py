"""The stampede story: a cached page expires, and everybody makes it anew."""
