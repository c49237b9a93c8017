"""Settings of all tests."""

import os

from hypothesis import settings

# gRPC, which pymilvus loads into this process, would see to a forked child before that has become another program, and can
# end it there.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# No deadlines: a machine that does other things, too, proves nothing about an example.
settings.register_profile("desk", deadline=None)
# The same examples in every run: a new counter-example is found at a desk, not in somebody else's change.
settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
