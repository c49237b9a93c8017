"""Signatures of webhooks: HMAC-SHA256 over id, time and body, as Standard Webhooks 1.0 has it, so that the other side needs no
code of ours.

webhook-id: the idempotency key          webhook-timestamp: seconds since 1970
webhook-signature: v1,<base64> [v1,<base64> …]      signed: "<id>.<timestamp>.<body>"
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

MIN_SECRET = 24
"""Bytes; what the specification asks for."""
_PREFIX = "whsec_"


def signature(secret: bytes, key: str, stamp: str, body: bytes) -> bytes:
    """The base64 of one signature: of the id, the time as it is sent, and the body exactly as it is sent."""
    signed = b".".join([key.encode(), stamp.encode(), body])
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())


def signed_headers(secrets: Sequence[bytes], key: str, seconds: int, body: bytes) -> dict[str, str]:
    """What goes with a webhook: signed with every secret that is valid now, since the other side may know only one of them."""
    stamp = str(seconds)
    signatures = " ".join(f"v1,{signature(secret, key, stamp, body).decode()}" for secret in secrets)
    return {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": signatures}


def read_secrets(text: str) -> list[bytes]:
    """The secrets in a file, one a line.

    Raises:
        ValueError: one is not base64, or is shorter than `MIN_SECRET` bytes; the secret is not shown.
    """
    found = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        try:
            secret = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
        except binascii.Error as error:
            raise ValueError(f"secret {number} is no base64; write whsec_ and the base64 of random bytes") from error
        if len(secret) < MIN_SECRET:
            raise ValueError(f"secret {number} has less than {MIN_SECRET} bytes; make a longer one")
        found.append(secret)
    if not found:
        raise ValueError("there is no secret; write one: whsec_ and the base64 of 32 random bytes")
    return found
