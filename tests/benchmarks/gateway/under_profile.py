"""The gateway under cProfile by CPU time, so that other work on the machine does not count: `… FILE [gateway options]`."""

import cProfile
import sys
import time

from kefu_serving.__main__ import main

if __name__ == "__main__":
    file = sys.argv.pop(1)
    profile = cProfile.Profile(time.thread_time)
    try:
        status = profile.runcall(main)
    finally:
        profile.dump_stats(file)
    sys.exit(status)
