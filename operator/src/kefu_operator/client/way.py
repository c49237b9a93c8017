"""The way to the API server: address, certificates and token, from a pod's service account or from a kubeconfig.

The official client knows every way there is, and takes 12 MiB to be asked. So it is asked only for what is neither a token nor a
client certificate, such as a login by another program.
"""

import base64
import os
import ssl
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

from kefu_operator.errors import SettingsError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_SECONDS = 60.0
"""How long a token that was read is used: the kubelet renews it long before it ends."""
SIMPLE = frozenset(
    {"token", "tokenFile", "client-certificate", "client-certificate-data", "client-key", "client-key-data"}
)
"""What a kubeconfig's user may have to be read here."""

Token = Callable[[], str]
"""Gives the token of the moment; empty where certificates do."""


@dataclass(frozen=True)
class Way:
    """How to get there."""

    server: str
    """Such as https://10.96.0.1:443."""
    context: ssl.SSLContext
    token: Token
    server_name: str | None = None
    """What the server's certificate is to say, where it is another name than the address's."""
    proxy: str | None = None
    """What the kubeconfig says, or else the environment (HTTPS_PROXY, NO_PROXY)."""


async def way_to(kubeconfig: Path | None) -> Way:
    """The way of a kubeconfig, or of this pod where that is None.

    Raises:
        SettingsError: neither is there.
    """
    if kubeconfig is None:
        return by_service_account()
    return by_kubeconfig(kubeconfig) or await by_official_client(kubeconfig)


def by_service_account(account: Path = ACCOUNT) -> Way:
    """The way of a pod.

    Raises:
        SettingsError: this is no pod, or it has no service account.
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not (account / "token").exists():
        raise SettingsError("no way to the API server: there is no service account; set KUBECONFIG, or run in a pod")
    address = f"[{host}]" if ":" in host else host
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))
    server = f"https://{address}:{port}"
    return Way(server, context, _from_file(account / "token"), proxy=_proxy(server))


def by_kubeconfig(path: Path) -> Way | None:
    """The way of a kubeconfig's current context; None where only the official client knows it.

    Raises:
        SettingsError: the file cannot be read, or lacks what its context names.
    """
    try:
        config = yaml.safe_load(path.read_text())
        context = _named(config, "contexts", config["current-context"])["context"]
        cluster = _named(config, "clusters", context["cluster"])["cluster"]
        user = _named(config, "users", context["user"])["user"] or {}
        server = str(cluster["server"]).rstrip("/")
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SettingsError(
            f"no way to the API server: {path}: {error!r}; correct the file that KUBECONFIG names"
        ) from error
    if set(user) - SIMPLE:
        return None
    return Way(
        server,
        _context(cluster, user, path.parent),
        _from_file(path.parent / user["tokenFile"]) if "tokenFile" in user else lambda: str(user.get("token", "")),
        cluster.get("tls-server-name"),
        cluster.get("proxy-url") or _proxy(server),
    )


async def by_official_client(kubeconfig: Path) -> Way:
    """The way of a kubeconfig that is not read here.

    Raises:
        SettingsError: the official client finds none in it either.
    """
    # Imported here: it takes more memory than all copies of a thousand chatbots.
    from kubernetes.aio import client as official
    from kubernetes.aio import config
    from kubernetes.aio.client.rest import RESTClientObject

    found = official.Configuration()
    try:
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(kubeconfig), client_configuration=found
        )
    except config.ConfigException as error:
        raise SettingsError(f"no way to the API server: {error}; correct the file that KUBECONFIG names") from error

    token = str(found.api_key.get("BearerToken", "")).removeprefix("Bearer ")
    context = RESTClientObject(found).ssl_context
    server = found.host.rstrip("/")
    return Way(server, context, lambda: token, found.tls_server_name, found.proxy or _proxy(server))


def _proxy(server: str) -> str | None:
    url = urlsplit(server)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


def _named(config: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next((each for each in config[section] if each["name"] == name), {})
    if not found:
        raise KeyError(f"{section} has no {name}")
    return found


def _context(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority, data = cluster.get("certificate-authority"), cluster.get("certificate-authority-data")
    context = ssl.create_default_context(
        cafile=str(folder / authority) if authority else None,
        cadata=base64.b64decode(data).decode() if data else None,
    )
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with tempfile.TemporaryDirectory(prefix="kefu-way-") as scratch:
        certificate = _file(user, "client-certificate", folder, Path(scratch))
        if certificate:
            context.load_cert_chain(certificate, _file(user, "client-key", folder, Path(scratch)))
    return context


def _file(user: dict[str, Any], name: str, folder: Path, scratch: Path) -> Path | None:
    """Where a certificate or key lies; one that stands in the kubeconfig is written for OpenSSL, which reads files only."""
    if f"{name}-data" in user:
        path = scratch / name
        path.touch(mode=0o600)
        path.write_bytes(base64.b64decode(user[f"{name}-data"]))
        return path
    return folder / user[name] if name in user else None


def _from_file(path: Path) -> Token:
    read_at, token = -TOKEN_SECONDS, ""

    def current() -> str:
        nonlocal read_at, token
        if time.monotonic() - read_at >= TOKEN_SECONDS:
            token, read_at = path.read_text().strip(), time.monotonic()
        return token

    return current
