"""What a child process sees of our environment: what it needs to run, and no secret that is not meant for it."""

import os
from collections.abc import Mapping

_PASSED = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
_PREFIXES = ("LC_", "KEFU_", "OTEL_")
_HUB = ("HF_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT")
"""For fetch steps alone: the hub's token opens the user's account."""


def environment(
    own: Mapping[str, str], *, hub: bool = False, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of a child: the harmless part of ours, then the container's own variables."""
    passed = {
        name: value
        for name, value in inherited.items()
        if name in _PASSED or name.upper() in _PROXIES or name.startswith(_PREFIXES) or (hub and name in _HUB)
    }
    return {**passed, "PYTHONUNBUFFERED": "1", **own}
