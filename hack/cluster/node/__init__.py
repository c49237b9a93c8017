"""The native provider: one Kubernetes node in namespaces of its own, without Docker and without a registry."""
