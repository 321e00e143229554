"""People settle what the rules may not guess."""
