"""Settings of all tests."""

import os

from hypothesis import settings

# No deadlines: a machine that does other things, too, proves nothing about an example.
settings.register_profile("desk", deadline=None)
# The same examples in every run: a new counter-example is found at a desk, not in somebody else's change.
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
