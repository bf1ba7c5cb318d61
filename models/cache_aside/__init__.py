"""The cache-aside story: a slow reader puts back what a writer has just taken out."""
