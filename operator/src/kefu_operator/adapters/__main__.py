"""`python -m kefu_operator.adapters`."""

import sys

from kefu_operator.adapters.cli import main

if __name__ == "__main__":
    sys.exit(main())
