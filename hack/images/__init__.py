"""The container images of Kefu, built without a registry: `python3 -m hack.images`.

Standard library only, as the cluster: it runs before anything is installed.
"""
