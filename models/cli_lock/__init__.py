"""The lock file story: a lock that was left behind is taken away from who has it by now."""
