"""What a benchmark can fail with.

BenchmarkError
├── Unavailable      something it needs is not here; the page keeps its last table
└── LoadFailed       a subject did not answer as it must, so that its figures would mean nothing
"""


class BenchmarkError(Exception):
    """A benchmark has no result."""


class Unavailable(BenchmarkError):
    """Something that the benchmark needs is not here; the message says what would bring it."""


class LoadFailed(BenchmarkError):
    """A subject did not answer as it must; the message names it and says what came instead."""
