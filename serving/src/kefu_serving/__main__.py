"""`python -m kefu_serving`: the chat gateway."""

import sys

import uvloop

from kefu_serving import app, logs, settings
from kefu_serving.errors import ConfigurationError


def main() -> int:
    """Runs the gateway; 78 (EX_CONFIG) when it is told nonsense."""
    try:
        given = settings.parse()
    except ConfigurationError as error:
        print(f"kefu_serving: {error}", file=sys.stderr)  # noqa: T201 - the log is not configured yet
        return 78
    logs.configure(given.log_level)
    uvloop.run(app.run(given))
    return 0


if __name__ == "__main__":
    sys.exit(main())
