"""Completing command lines: what may follow the words so far, for shells and for `kubectl kefu`."""
