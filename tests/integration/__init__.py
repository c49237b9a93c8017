"""Tests of Kefu."""
