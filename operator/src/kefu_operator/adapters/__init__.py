"""The companion of a vLLM with LoRA adapters: `python -m kefu_operator.adapters`.

It follows a document, fetches what is new, has the engine load it, and does so again after the engine was started anew. Of an
engine of several pods the leader's does so; those of its workers fetch, and tell it what they have.
"""
