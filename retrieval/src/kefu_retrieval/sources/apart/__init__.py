"""Parsing in a child process, bounded and without secrets."""
