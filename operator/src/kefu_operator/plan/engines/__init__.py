"""Engines: one module a kind of server, each planning the same thing from its part of the spec."""
