"""Tests of the operator: pure parts."""
