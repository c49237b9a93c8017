"""Reconciling many chatbots on a real API server."""
