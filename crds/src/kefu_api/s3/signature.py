"""AWS Signature Version 4 for requests without a body, which is all that reading a bucket takes.

Source: "Create a signed AWS API request", AWS Identity and Access Management user guide. A client library would bring
forty megabytes of service descriptions for the two calls that are needed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

EMPTY = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class KeyPair:
    """Credentials of one reader."""

    access: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret: values of this class end up in tracebacks."""
        return f"KeyPair(access={self.access!r})"


def encode(text: str, safe: str = "") -> str:
    """Percent-encoding as the signature wants it: everything but letters, digits and `-._~`."""
    return quote(text, safe=f"-._~{safe}")


def query_of(parameters: Mapping[str, str]) -> str:
    """The canonical query: sorted and encoded."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))


def sign(
    url: str, keys: KeyPair, region: str, now: datetime, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers that make `GET url` a signed one, `headers` included.

    Args:
        url: address whose path and query are encoded as `encode` and `query_of` do.
        keys: whose request it is.
        region: the bucket's.
        now: in UTC.
        headers: others, which are signed too.
    """
    split = urlsplit(url)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    sent = {**(headers or {}), "x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
    signed = {"host": split.netloc, **{name.lower(): value.strip() for name, value in sent.items()}}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            "GET",
            split.path or "/",
            split.query,
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            EMPTY,
        ]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(_key(keys.secret, day, region), to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={keys.access}/{scope}"
    return {**sent, "Authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
