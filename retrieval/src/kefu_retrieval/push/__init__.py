"""Push: documents that a content system sends when they change, signed and at most once."""
