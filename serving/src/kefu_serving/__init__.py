"""Kefu gateway: question to answer."""
