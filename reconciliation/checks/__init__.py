"""What may be entered for an act, one module for each family of cases; each check returns clean arguments."""
