"""Real models for development and tests: fetched by digest, kept in a content-addressed store, served as a hub would."""
