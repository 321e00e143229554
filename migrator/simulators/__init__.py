"""Local stand-ins for APSIS One and Pipedrive, for demos and tests. Imports nothing else of the product."""
