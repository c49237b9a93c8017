"""The two services that a turn calls: retrieval for evidence, an engine for words."""
