"""Tests of the API against a real API server."""
