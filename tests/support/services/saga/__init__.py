"""An order in steps: what was charged is sent, or paid back."""
