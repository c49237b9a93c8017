"""`python -m hack.engines`: compile the builds into the cache, or find them there, and print where they are."""

import sys

from hack.cluster.errors import ClusterError, PreflightError
from hack.engines.build import build
from hack.images.errors import ImageError


def main() -> int:
    """Exit status 0 when the builds are there, or when this machine can have none; 1 when compiling failed."""
    try:
        print(build())
    except PreflightError as error:
        print(f"llama.cpp serves from its wheel here: {error}", file=sys.stderr)
    except (ClusterError, ImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
