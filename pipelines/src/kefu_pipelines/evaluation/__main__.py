"""`python -m kefu_pipelines.evaluation`."""

import sys

from kefu_pipelines.evaluation.cli import main

sys.exit(main())
