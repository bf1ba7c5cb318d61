"""Who touched what: accesses, and names of objects that hold in every run."""
