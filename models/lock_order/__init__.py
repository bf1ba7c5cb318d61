"""The lock-order story: a transfer locks two accounts, and so does the transfer back."""
