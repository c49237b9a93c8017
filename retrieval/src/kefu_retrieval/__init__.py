"""Kefu retrieval: sources to chunks to embeddings to Milvus to search."""
