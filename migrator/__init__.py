"""Crosswalk: moves a company from APSIS One to Pipedrive. Holds no code of its own."""
