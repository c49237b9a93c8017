"""The `kefu` command."""
