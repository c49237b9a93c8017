"""A real API server as a judge: what it says of an object, without keeping it."""

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

NAMESPACE = "corpus"
PLURALS = {"KnowledgeIndex": "knowledgeindexes", "ChatbotDeployment": "chatbotdeployments"}


@dataclass(frozen=True)
class Verdict:
    """What the API server answered."""

    status: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201)

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Server:
    """One keep-alive connection to an API server, as the user of a kubeconfig."""

    def __init__(self, kubeconfig: Path, scratch: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cafile=_file(cluster, "certificate-authority", scratch))
        context.load_cert_chain(_file(user, "client-certificate", scratch), _file(user, "client-key", scratch))
        address = urlsplit(cluster["server"])
        assert address.hostname is not None
        self._connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=60, context=context)

    def close(self) -> None:
        self._connection.close()

    def request(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Verdict:
        """Send one request with a JSON body."""
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, content, {"Content-Type": content_type, "Accept": "application/json"})
        answer = self._connection.getresponse()
        return Verdict(answer.status, json.loads(answer.read()))

    def create(self, kind: str, document: dict[str, Any], dry_run: bool = True) -> Verdict:
        """Create the object, by default without keeping it; unknown fields are refused as kubectl has it."""
        options = "fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        return self.request("POST", f"{self.collection(kind)}?{options}", document)

    def apply(self, kind: str, document: dict[str, Any], subresource: str = "", dry_run: bool = True) -> Verdict:
        """Server-side apply, by default without keeping it."""
        options = "fieldManager=test&force=true&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        name = document["metadata"]["name"] + (f"/{subresource}" if subresource else "")
        return self.request(
            "PATCH", f"{self.collection(kind)}/{name}?{options}", document, "application/apply-patch+yaml"
        )

    def collection(self, kind: str) -> str:
        return f"/apis/kefu.dev/v1alpha1/namespaces/{NAMESPACE}/{PLURALS[kind]}"


def _file(section: dict[str, str], name: str, scratch: Path) -> str:
    if name in section:
        return section[name]
    file = scratch / name
    file.write_bytes(base64.b64decode(section[f"{name}-data"]))
    return str(file)
