"""Tests of the companion that loads adapters."""
