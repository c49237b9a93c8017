"""Desired objects: from plans to Kubernetes objects, purely; a file per kind, a function per object."""
