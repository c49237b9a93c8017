"""Embeddings: texts in, unit vectors out."""
