"""Who a fetch is to its source: what is sent with each request, and what to do where it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from kefu_api.s3.signature import KeyPair, sign
from kefu_operator.fetch.errors import UriInvalid


class Access(Protocol):
    """Credentials of one kind of source."""

    @property
    def remedy(self) -> str:
        """What to do where the source refuses."""
        ...

    @property
    def follows(self) -> bool:
        """Whether redirects are followed."""
        ...

    def sent(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of `GET url`, `headers` among them."""
        ...


@dataclass(frozen=True)
class HubToken:
    """The hub's token, which goes to its host alone: redirects to other hosts lose it (aiohttp)."""

    token: str | None
    host: str
    follows: bool = True

    @property
    def remedy(self) -> str:
        """Another token, or one at all."""
        if self.token:
            return "the token is refused: check that it may read this model"
        return "it wants an access token: name one in spec.model.tokenSecret (HF_TOKEN with `kefu run`)"

    def sent(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """With the token where it belongs."""
        own = self.token and urlsplit(url).netloc == self.host
        return {**headers, "Authorization": f"Bearer {self.token}"} if own else dict(headers)


@dataclass(frozen=True)
class BucketKeys:
    """A key pair of an S3 server; None: the bucket is public."""

    keys: KeyPair | None
    region: str
    follows: bool = False
    """A redirect leads to another region, where the signature does not hold."""

    @property
    def remedy(self) -> str:
        """Other keys, or others' permission."""
        if self.keys:
            return "check the keys in spec.model.s3 and that they may read and list the bucket"
        return "it wants keys: name them in accessKeySecret and secretKeySecret of spec.model.s3"

    def sent(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """Signed, and asking for the checksum that the object was stored with."""
        asked = {**headers, "x-amz-checksum-mode": "ENABLED"}
        return sign(url, self.keys, self.region, datetime.now(UTC), asked) if self.keys else asked


def hub_token(env: Mapping[str, str]) -> str | None:
    """The hub's token, from the environment or from the file that it names.

    Raises:
        UriInvalid: the file cannot be read.
    """
    path = env.get("HF_TOKEN_PATH")
    return env.get("HF_TOKEN") or (_secret(path, "spec.model.tokenSecret") if path else "") or None


def key_pair(access_file: str | None, secret_file: str | None) -> KeyPair | None:
    """The keys of an S3 server, from their files; None where there are none.

    Raises:
        UriInvalid: a file cannot be read.
    """
    if not access_file or not secret_file:
        return None
    access = _secret(access_file, "spec.model.s3.accessKeySecret")
    return KeyPair(access, _secret(secret_file, "spec.model.s3.secretKeySecret"))


def _secret(path: str, field: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UriInvalid(f"{path} holds no readable secret; check {field}") from error
