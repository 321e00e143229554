"""Template tags of the field map."""
