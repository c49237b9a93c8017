"""`python -m kefu_serving`: the chat gateway."""

import sys

import uvloop

from kefu_api import cycles
from kefu_serving import app, logs, settings
from kefu_serving.errors import ConfigurationError


def main() -> int:
    """Runs the gateway; 78 (EX_CONFIG) when it is told nonsense or its port is taken."""
    try:
        given = settings.parse()
        logs.configure(given.log_level)
        cycles.look_seldom()
        uvloop.run(app.run(given))
    except ConfigurationError as error:
        print(f"kefu_serving: {error}", file=sys.stderr)  # noqa: T201 - a sentence for people, not a log line
        return 78
    return 0


if __name__ == "__main__":
    sys.exit(main())
