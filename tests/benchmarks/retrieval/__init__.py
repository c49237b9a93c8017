"""Search, ingestion, publishing and faults of the retrieval service, measured."""
