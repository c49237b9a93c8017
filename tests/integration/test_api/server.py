"""A real API server as a judge: what it says of an object, without keeping it."""

from typing import Any

from tests.integration.apiserver.connection import APPLY, Answer, Connection

NAMESPACE = "corpus"
PLURALS = {"KnowledgeIndex": "knowledgeindexes", "ChatbotDeployment": "chatbotdeployments"}


class Server(Connection):
    """Dry runs against the two kinds."""

    def create(self, kind: str, document: dict[str, Any], dry_run: bool = True) -> Answer:
        """Create the object, by default without keeping it; unknown fields are refused as kubectl has it."""
        options = "fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        return self.request("POST", f"{self.collection(kind)}?{options}", document)

    def apply(self, kind: str, document: dict[str, Any], subresource: str = "", dry_run: bool = True) -> Answer:
        """Server-side apply, by default without keeping it."""
        options = "fieldManager=test&force=true&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        name = document["metadata"]["name"] + (f"/{subresource}" if subresource else "")
        return self.request("PATCH", f"{self.collection(kind)}/{name}?{options}", document, APPLY)

    def collection(self, kind: str) -> str:
        return f"/apis/kefu.dev/v1alpha1/namespaces/{NAMESPACE}/{PLURALS[kind]}"
