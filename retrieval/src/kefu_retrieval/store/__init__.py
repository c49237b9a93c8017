"""Stores: rows of one version in, nearest rows out; versions are published by moving an alias."""
