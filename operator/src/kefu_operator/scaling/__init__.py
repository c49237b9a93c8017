"""Scaling as it stands in the cluster: whose scaler is whose, and how one takes another's place. Pure."""
