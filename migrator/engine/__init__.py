"""The engine: values in, values out. No Django, no sockets, no clock of its own."""
