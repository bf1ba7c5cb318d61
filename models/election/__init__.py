"""The election story: a vote that a power cut takes back is given twice."""
