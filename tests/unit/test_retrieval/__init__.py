"""Tests of retrieval without servers or models."""
