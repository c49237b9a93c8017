"""Rerankers: a question and passages in, how relevant each is out."""
