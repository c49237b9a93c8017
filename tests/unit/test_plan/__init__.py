"""Plans: pure functions from specs to workloads."""
