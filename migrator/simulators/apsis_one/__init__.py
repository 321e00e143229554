"""APSIS One as a local HTTP server: documented behaviour as documented, assumed behaviour behind switches."""
