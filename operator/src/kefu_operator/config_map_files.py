"""What a ConfigMap of the cluster holds as files: its texts, and its binary data decoded, as a pod sees both."""

import base64

from kefu_operator.desired.types import Object


def config_map_files(found: Object) -> dict[str, str | bytes]:
    """Contents by key; the API server has checked that keys differ and that `binaryData` is base64."""
    texts: dict[str, str] = found.get("data") or {}
    encoded: dict[str, str] = found.get("binaryData") or {}
    return {**texts, **{name: base64.b64decode(value) for name, value in encoded.items()}}
