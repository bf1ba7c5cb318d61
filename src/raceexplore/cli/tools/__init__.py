"""Door: commands about command-line tools, and not about programs of tasks."""
