"""The API server, read and written over one set of connections."""
