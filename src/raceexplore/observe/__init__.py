"""Room 2: what each event of the program under test read and wrote, undeclared by its author."""
