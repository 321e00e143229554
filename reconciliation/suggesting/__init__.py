"""One module for each family of cases: what the machine would do, how sure it is, and why."""
