"""Kefu installed on the development cluster: what `make demo-cluster` and the end-to-end tests both stand on."""
