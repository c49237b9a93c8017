"""Who may push: whoever signs as `kefu_api.signing` does, with a key of the source's."""

import hmac
import re
from collections.abc import Mapping, Sequence

from kefu_api.signing import signature
from kefu_retrieval.push.errors import Unsigned

TOLERANCE = 300
"""Seconds that a push may be old, or ahead of our clock."""
MAX_SIGNATURES = 8
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


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
    sent = [
        text[3:] for text in headers.get("webhook-signature", "").split()[:MAX_SIGNATURES] if text.startswith("v1,")
    ]
    wanted = [signature(secret, key, stamp, body) for secret in secrets]
    # Every pair is compared, so that the time tells nothing.
    if sum(hmac.compare_digest(each, text.encode()) for each in wanted for text in sent) == 0:
        raise Unsigned("webhook-signature does not fit; check the secret, and that the body is signed as it is sent")
    return key
