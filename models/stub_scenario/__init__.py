"""The stub story: a mock server that finds no answer while another request changes its state."""
