"""Fetching remote sources: when a Job runs, and what its report means."""
