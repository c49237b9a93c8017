"""The API keys of a mounted Secret: who may ask, decided in constant time and without keeping a key in clear."""

import hashlib
import hmac
import logging
import secrets
from pathlib import Path

from kefu_serving.errors import ConfigurationError

MAX_KEYS = 1_000
MAX_KEY = 4_096
"""Longest key, in bytes."""

log = logging.getLogger(__name__)


class KeyRing:
    """Named keys, kept as HMACs under a secret that lives as long as the process.

    A look-up by such an HMAC tells an attacker nothing by its timing: he cannot choose what it compares.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._secret = secrets.token_bytes(32)
        self._names = {self._digest(key): name for name, key in keys.items()}

    def __len__(self) -> int:
        return len(self._names)

    def name_of(self, key: bytes) -> str | None:
        """The name of a presented key, or None when it is not one of ours."""
        return self._names.get(self._digest(key))

    def _digest(self, key: bytes) -> bytes:
        return hmac.digest(self._secret, key, hashlib.sha256)


def read(folder: Path) -> KeyRing:
    """The keys of a mounted Secret folder.

    Files beginning with a dot are the kubelet's own. Raises ConfigurationError when the folder cannot be read.
    """
    try:
        files = sorted(f for f in folder.iterdir() if not f.name.startswith(".") and f.is_file())
        keys = {file.name: file.read_bytes().strip() for file in files[:MAX_KEYS]}
    except OSError as error:
        raise ConfigurationError(f"The keys in {folder} cannot be read: {error.strerror or error}") from error
    for name in [name for name, key in keys.items() if not 0 < len(key) <= MAX_KEY]:
        log.warning("key ignored", extra={"fields": {"key": name, "reason": f"not of 1 to {MAX_KEY} bytes"}})
        del keys[name]
    return KeyRing(keys)
