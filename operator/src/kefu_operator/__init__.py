"""Kefu operator: YAML to models to desired objects to apply to status; and the kefu command."""
