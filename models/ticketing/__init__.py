"""The ticketing story: replicas of one service, a cache and a database, and too many tickets."""
