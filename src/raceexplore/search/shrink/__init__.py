"""A failing schedule made as small as it gets."""
