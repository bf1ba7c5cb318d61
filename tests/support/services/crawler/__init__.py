"""A crawler: each page is fetched once."""
