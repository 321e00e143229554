"""What a language model may be asked about a field map, and what may be taken from its answer. Pure: nothing here
opens a connection or a database."""
