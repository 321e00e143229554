"""The source vendor: all that knows APSIS One's addresses, shapes and refusals is in this folder."""
