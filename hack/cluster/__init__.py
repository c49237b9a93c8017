"""The development cluster: a real Kubernetes behind one command, `python3 -m hack.cluster`.

Standard library only, so that it runs with the system's python3 before anything is installed.
"""
