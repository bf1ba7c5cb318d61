"""What rewritten code calls beside each operation, to note what it touches."""
