"""Scalers in the cluster, and how they are told of."""
