"""The consumer group story: a log is read by one of two, and who reads it changes half way."""
