"""People approve the proposed field map."""
