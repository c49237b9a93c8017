"""Ingestion: which Job an index needs now, and what the last one said. Pure; `reconcile` acts on the decision."""
