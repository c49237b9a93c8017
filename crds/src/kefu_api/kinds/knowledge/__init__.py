"""KnowledgeIndex, a module for each part of its spec and its status."""
