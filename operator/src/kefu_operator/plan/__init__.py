"""Plans: from the spec and a few gathered facts to workloads, purely.

A plan says which processes run with which documents, and nothing of how: `desired` turns workloads into Kubernetes
objects, `local` into processes on this machine. A placement says where files and addresses are in either world.
"""
