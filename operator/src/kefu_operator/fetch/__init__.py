"""Brings a model to a folder, whole and verified or not at all: `python -m kefu_operator.fetch`.

It runs as the first step of an engine's pod and of `kefu run`. It needs aiohttp and nothing of the operator, so that
starting it is quick.
"""
