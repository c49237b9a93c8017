"""The knowledge graph of a version: products, what they have, what they fit, and the policies of their classes, read from the
version's own passages and asked in Cypher."""
