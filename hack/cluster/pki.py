"""Certificates of a cluster that lives for a day: one authority, one key pair a component, by the openssl program."""

import shutil
import subprocess
from pathlib import Path

from hack.cluster.errors import PreflightError

_DAYS = "3650"
_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """A certificate authority in a folder; asking twice for the same name gives the same files."""

    def __init__(self, folder: Path) -> None:
        """Create the authority unless the folder already holds it.

        Raises:
            PreflightError: the openssl program is missing.
        """
        if shutil.which("openssl") is None:
            raise PreflightError("the openssl program is missing; run: apt-get install openssl")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not self.certificate.exists():
            _openssl("req", "-x509", *_NEW_KEY, "-keyout", self._path("ca.key"), "-out", self._path("ca.crt"),
                     "-days", _DAYS, "-subj", "/CN=kefu-development")  # fmt: skip

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "ca.crt"

    @property
    def key(self) -> Path:
        """The authority's private key."""
        return self.folder / "ca.key"

    def issue(self, name: str, subject: str, alternative_names: str = "") -> tuple[Path, Path]:
        """Return (certificate, key) for an OpenSSL subject such as `/O=system:masters/CN=admin`.

        `alternative_names` is OpenSSL's list, such as `DNS:localhost,IP:127.0.0.1`.
        """
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        if certificate.exists():
            return certificate, key
        request, extensions = self._path(f"{name}.csr"), self.folder / f"{name}.ext"
        extensions.write_text(
            f"subjectAltName={alternative_names or 'DNS:' + name}\nextendedKeyUsage=serverAuth,clientAuth\n"
        )
        _openssl("req", *_NEW_KEY, "-keyout", str(key), "-out", request, "-subj", subject)
        _openssl("x509", "-req", "-in", request, "-CA", str(self.certificate), "-CAkey", str(self.key),
                 "-CAcreateserial", "-days", _DAYS, "-out", str(certificate), "-extfile", str(extensions))  # fmt: skip
        return certificate, key

    def signing_key(self, name: str) -> Path:
        """Return a bare private key, as service account tokens are signed with."""
        key = self.folder / f"{name}.key"
        if not key.exists():
            _openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(key))
        return key

    def _path(self, name: str) -> str:
        return str(self.folder / name)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PreflightError(f"openssl {arguments[0]} failed: {done.stderr.strip()[-300:]}")
