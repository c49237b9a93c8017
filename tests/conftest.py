"""Settings of all tests."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    # The same examples in every run: a new counter-example is found at a desk, not in somebody else's change.
    settings.load_profile("ci")
