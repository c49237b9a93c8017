"""Kefu pipelines: work over a running system, such as evaluation."""
