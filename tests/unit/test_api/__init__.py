"""Tests of the API without a cluster."""
