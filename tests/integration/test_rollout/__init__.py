"""Releases and rollouts against the real components."""
