"""Launchers of the inference servers that Kefu ships itself; each is a process of its own, with no part of the gateway."""
