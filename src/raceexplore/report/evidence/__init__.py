"""What was measured, shown: in the terminal, as markdown, as a page, as a case of JUnit."""
