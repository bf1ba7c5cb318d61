"""The double-charge story: a payment's answer is lost, and the customer pays twice."""
