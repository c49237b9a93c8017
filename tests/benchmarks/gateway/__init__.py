"""Benchmarks of the gateway, with upstreams that cost next to nothing."""
