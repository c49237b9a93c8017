"""`python -m kefu_operator.adapters`."""

import signal
import sys

from kefu_operator.adapters.cli import main

if __name__ == "__main__":
    # The first process of a container ignores signals that it does not handle.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
