"""Local mode: the operator's plans as processes on this machine, without a cluster.

The same pure plans that become pods in a cluster become supervised processes here, with the same documents in the same
mounts. What differs is one placement (`LocalPlacement`) and a small kubelet (mounts, steps, probes, restarts).
"""
