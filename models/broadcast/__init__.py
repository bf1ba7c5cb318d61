"""The broadcast story: what one node is told, all must know, though a way between them is cut."""
