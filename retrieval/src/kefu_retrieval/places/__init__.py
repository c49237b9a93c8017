"""Places: where documents come from when they are not in the cluster; each fetch gives a snapshot, whole or not at all."""
