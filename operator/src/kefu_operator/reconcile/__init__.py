"""Reconciling: gather, plan, apply, tell. Level-triggered: what happened does not matter, only what is."""
