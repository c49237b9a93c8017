"""Evaluation: what the golden questions say of a version, asked with the very searcher that customers are served by."""
