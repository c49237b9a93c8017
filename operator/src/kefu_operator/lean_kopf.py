"""kopf without the official client, which it imports where it finds it, for login hooks and object types that are not used here.

That import takes ten megabytes, which a pod whose rights are those of its service account never needs.
"""

import sys

OFFICIAL = "kubernetes"

_hides = OFFICIAL not in sys.modules
if _hides:
    # An entry of None makes an import fail as of a package that is not there.
    sys.modules[OFFICIAL] = None  # type: ignore[assignment]
try:
    import kopf
finally:
    if _hides:
        del sys.modules[OFFICIAL]

__all__ = ["kopf"]
