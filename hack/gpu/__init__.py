"""Checks that need a GPU, run by hand where there is one; what they measured is kept beside the tests that hold us to it."""
