"""The certificate where cert-manager keeps it: files of a mounted Secret, read anew when they change."""

import asyncio
import ssl
from pathlib import Path

LOOK_SECONDS = 10.0


class MountedCertificate:
    """Serves what lies in a folder."""

    def __init__(self, folder: Path, context: ssl.SSLContext) -> None:
        self._certificate, self._key = folder / "tls.crt", folder / "tls.key"
        self._context = context
        self._served: bytes = b""
        self.trouble = "cert-manager has made no certificate yet"
        """What keeps the webhook from answering; empty where nothing does."""

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS if self._served else 1)

    def look(self) -> None:
        """Take what is new."""
        try:
            found = self._certificate.read_bytes()
            if found != self._served:
                self._context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as error:
            # While the kubelet swaps the files, a certificate may lie beside another's key.
            self.trouble = self.trouble and f"the certificate cannot be read: {error}"
            return
        self._served, self.trouble = found, ""
