"""The cancelled-checkout story: a time-out strikes while a customer holds a seat."""
