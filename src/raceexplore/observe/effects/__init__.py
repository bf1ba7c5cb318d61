"""What operations do to objects: which of their parts they read and write."""
