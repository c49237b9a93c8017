"""Tests of places: what needs no server."""
