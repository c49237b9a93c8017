"""What is in force in this process right now: the release, the keys, and whether new work is welcome."""

from kefu_serving.keys import KeyRing
from kefu_serving.runtime import Runtime


class State:
    """Swapped whole by the watchers, read by the edge; there is one thread, so a swap is atomic."""

    def __init__(self) -> None:
        self.runtime: Runtime | None = None
        self.keys = KeyRing({})
        self.draining = False
