"""A run as a file for other tools: SVG, Perfetto, JUnit, GitHub, JSON."""
