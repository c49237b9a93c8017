"""Builds of llama.cpp for newer CPUs, beside the wheel that runs on any: `python -m hack.engines`."""
