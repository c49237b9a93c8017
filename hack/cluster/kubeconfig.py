"""Writing kubeconfig files, as JSON (which every YAML reader accepts), with the certificates inside."""

import base64
import json
from pathlib import Path


def write_kubeconfig(path: Path, server: str, authority: Path, credentials: tuple[Path, Path], user: str) -> Path:
    """Write a kubeconfig readable by its owner alone; `credentials` are (certificate, key). Return its path."""
    certificate, key = credentials
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "kefu",
        "clusters": [{"name": "kefu", "cluster": {"server": server, "certificate-authority-data": _text(authority)}}],
        "users": [
            {"name": user, "user": {"client-certificate-data": _text(certificate), "client-key-data": _text(key)}}
        ],
        "contexts": [{"name": "kefu", "context": {"cluster": "kefu", "user": user}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))
    return path


def _text(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
