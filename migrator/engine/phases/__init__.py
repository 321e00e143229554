"""One module per phase: what it reads, what it yields, in numbered steps."""
