"""Keeps the webhook's certificate: in one Secret for all replicas, trusted by the API server, and served.

Every replica looks at the Secret now and then and takes what is new. Whichever finds something to renew first does; the
resource version keeps two from doing it at once.
"""

import asyncio
import base64
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import uniform

from kefu_operator.client.client import Client
from kefu_operator.desired.types import Object
from kefu_operator.errors import Absent, ApiError, Conflict
from kefu_operator.resources import SECRETS, Resource
from kefu_operator.webhook.certificates import Bundle, readable, renewed

log = logging.getLogger(__name__)

CONFIGURATIONS = Resource(
    "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"
)
LOOK_SECONDS = 30.0
"""Between two looks at the Secret: far less than the hour for which a new authority only is trusted."""
KEYS = ("ca.crt", "ca.key", "tls.crt", "tls.key")


@dataclass(frozen=True)
class Place:
    """Where things are."""

    namespace: str
    secret: str
    configuration: str
    names: tuple[str, ...]
    """Under which the API server calls the webhook."""


def utc_now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


class Keeper:
    """One replica's view of the certificate."""

    def __init__(
        self,
        client: Client,
        place: Place,
        context: ssl.SSLContext,
        folder: Path,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare.

        Args:
            client: to the API server.
            place: of Secret, Service and configuration.
            context: of the server; new connections get the newest certificate, those that are open keep theirs.
            folder: that nobody else reads; OpenSSL takes certificates from files only.
            now: the time.
        """
        self._client = client
        self._place = place
        self._context = context
        self._folder = folder
        self._now = now
        self._served: bytes = b""
        self.trouble = "there is no certificate yet"
        """What keeps the webhook from answering; empty where nothing does."""

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            try:
                await self.look()
            except ApiError as error:
                log.warning("certificate not looked at: %s", error)
            await asyncio.sleep(LOOK_SECONDS * uniform(0.8, 1.2) if self._served else 1)  # noqa: S311 - jitter

    async def look(self) -> None:
        """Renew what is old, serve what is new, and let the API server trust it.

        Raises:
            ApiError: the API server refused or did not answer; Absent where the chart's Secret is gone.
        """
        path = SECRETS.path(self._place.namespace, self._place.secret)
        secret = await self._client.request("get", path)
        bundle = _read(secret)
        fresh = renewed(bundle, self._place.names, self._now())
        if fresh:
            try:
                await self._client.request("put", path, secret | {"data": _data(fresh)})
            except Conflict:
                # Another replica was faster, and this one takes what it made.
                return await self.look()
            log.info("certificate renewed")
        current = fresh or bundle
        if current:
            # The API server's trust comes first, so that it knows whatever is served.
            await self._tell(current)
            self._serve(current)
        return None

    async def _tell(self, bundle: Bundle) -> None:
        path = CONFIGURATIONS.path(None, self._place.configuration)
        try:
            found = await self._client.request("get", path)
        except Absent:
            return
        wanted = base64.b64encode(bundle.authorities).decode()
        patch = [
            {"op": "add", "path": f"/webhooks/{number}/clientConfig/caBundle", "value": wanted}
            for number, each in enumerate(found.get("webhooks") or ())
            if each["clientConfig"].get("caBundle") != wanted
        ]
        if patch:
            await self._client.request("patch", path, patch, content_type="application/json-patch+json")

    def _serve(self, bundle: Bundle) -> None:
        if bundle.serving == self._served:
            return
        certificate, key = self._folder / "tls.crt", self._folder / "tls.key"
        key.touch(mode=0o600)
        certificate.write_bytes(bundle.serving)
        key.write_bytes(bundle.serving_key)
        self._context.load_cert_chain(certificate, key)
        self._served = bundle.serving
        self.trouble = ""


def _read(secret: Object) -> Bundle | None:
    data = secret.get("data") or {}
    if not all(key in data for key in KEYS):
        return None
    return readable(*(base64.b64decode(data[key]) for key in KEYS))


def _data(bundle: Bundle) -> dict[str, str]:
    values = (bundle.authorities, bundle.authority_key, bundle.serving, bundle.serving_key)
    return {key: base64.b64encode(value).decode() for key, value in zip(KEYS, values, strict=True)}
