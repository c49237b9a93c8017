"""Copies of what the operator watches, so that a reconcile asks the API server nothing that a watch has told already."""
