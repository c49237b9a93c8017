"""Who may push: HMAC-SHA256 over id, time and body, as Standard Webhooks 1.0 has it, so that senders need no code of ours.

webhook-id: the idempotency key          webhook-timestamp: seconds since 1970
webhook-signature: v1,<base64> [v1,<base64> …]      signed: "<id>.<timestamp>.<body>"
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from kefu_retrieval.push.errors import Unsigned

TOLERANCE = 300
"""Seconds that a push may be old, or ahead of our clock."""
MIN_SECRET = 24
"""Bytes; what the specification asks for."""
MAX_SIGNATURES = 8
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PREFIX = "whsec_"


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: float) -> str:
    """The id of a push that one of `secrets` signed.

    Args:
        headers: with names in lower case.
        body: exactly as it was received.
        secrets: those that are valid now.
        now: seconds since 1970.

    Raises:
        Unsigned: a header is missing or wrong, the time is off by more than `TOLERANCE`, or no signature fits.
    """
    key, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(key):
        raise Unsigned("webhook-id must be 1 to 128 letters, digits and ._:-; send the same one when you try again")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Unsigned("webhook-timestamp must be whole seconds since 1970")
    if abs(now - int(stamp)) > TOLERANCE:
        raise Unsigned(f"webhook-timestamp is more than {TOLERANCE} s off; sign again, and check both clocks")
    signed = b".".join([key.encode(), stamp.encode(), body])
    sent = [
        text[3:] for text in headers.get("webhook-signature", "").split()[:MAX_SIGNATURES] if text.startswith("v1,")
    ]
    wanted = [base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()) for secret in secrets]
    # Every pair is compared, so that the time tells nothing.
    if sum(hmac.compare_digest(each, text.encode()) for each in wanted for text in sent) == 0:
        raise Unsigned("webhook-signature does not fit; check the secret, and that the body is signed as it is sent")
    return key


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
