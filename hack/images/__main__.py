"""`python3 -m hack.images`."""

import sys

from hack.images.cli import main

sys.exit(main())
