"""The example shop: its manifests, its facts and its golden questions agree."""
