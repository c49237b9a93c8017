"""`python -m kefu_operator.cli`: the `kefu` command where its script is not on the PATH."""

import sys

from kefu_operator.cli.main import main

sys.exit(main())
