"""Chunks: documents in, pieces of evidence out, each with deterministic ids and the texts it is found by."""
