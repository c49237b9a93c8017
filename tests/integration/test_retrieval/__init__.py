"""Tests of retrieval against real stores and the real encoder."""
