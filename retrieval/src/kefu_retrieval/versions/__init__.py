"""Versions: what differs between two, which one is published, and which are kept."""
