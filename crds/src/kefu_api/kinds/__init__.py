"""The kinds: what a user writes. `crds/*.yaml` is generated from these models."""
