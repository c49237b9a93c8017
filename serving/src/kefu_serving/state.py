"""What is in force in this process right now: the releases, the keys, and whether new work is welcome."""

from kefu_serving.keys import KeyRing
from kefu_serving.variants.serving import Serving


class State:
    """Swapped whole by the watchers, read by the edge; there is one thread, so a swap is atomic."""

    def __init__(self) -> None:
        self.serving: Serving | None = None
        self.keys = KeyRing({})
        self.desk_keys = KeyRing({})
        self.draining = False
