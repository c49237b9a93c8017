"""Releases and how they come to the customers. Pure: decided from what was gathered and from a clock that is handed in."""
