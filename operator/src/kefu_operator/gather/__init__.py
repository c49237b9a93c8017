"""Gathering: all that a reconcile reads from the API server, into one frozen value a kind, before anything is decided."""
