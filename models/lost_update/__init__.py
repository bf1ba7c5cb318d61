"""The lost-update story: an account's balance is read, and written back after an await."""
