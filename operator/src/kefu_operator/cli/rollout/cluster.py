"""A chatbot and its releases in a cluster: read, and its spec replaced where nobody changed it meanwhile."""

from collections.abc import Mapping
from typing import Any

from kubernetes import client

from kefu_api import GROUP, VERSION
from kefu_api.kinds.rollout import Releases
from kefu_operator import naming
from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.refusal import translated
from kefu_operator.cli.rollout.view import ChatbotView, Json, Kept
from kefu_operator.cli.status.cluster import TIMEOUT, connect
from kefu_operator.rollout.revisions import revisions_of

PLURAL = "chatbotdeployments"


class Chatbots:
    """The chatbots of one namespace."""

    def __init__(self, namespace: str | None, context: str | None) -> None:
        """Read the kubeconfig.

        Raises:
            Unreachable: there is none, or it has no such context.
        """
        self._namespace = connect(namespace, context)
        self._objects = client.CustomObjectsApi()

    def chosen(self, name: str | None) -> ChatbotView:
        """The named chatbot, or the only one.

        Raises:
            NotFound: there is none of that name, or several to choose from; or it may not be read.
            Unreachable: the API server does not answer.
        """
        with translated(f"list {PLURAL}", self._namespace):
            listed: Any = self._objects.list_namespaced_custom_object(
                GROUP, VERSION, self._namespace, PLURAL, _request_timeout=TIMEOUT
            )
        found = {each["metadata"]["name"]: each for each in listed["items"]}
        names = ", ".join(sorted(found)) or "none"
        if name is None and len(found) != 1:
            raise NotFound(f"name a ChatbotDeployment (there is: {names})")
        if name is not None and name not in found:
            raise NotFound(f"there is no ChatbotDeployment {name} (there is: {names})")
        return self._view(found[name] if name else next(iter(found.values())))

    def change(self, view: ChatbotView, spec: Json) -> None:
        """Replace the spec that the view shows.

        Raises:
            NotFound: it was changed meanwhile, or may not be changed.
            Unreachable: the API server does not answer.
        """
        patch: list[dict[str, Any]] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": view.version},
            {"op": "replace", "path": "/spec", "value": spec},
        ]
        with translated(f"change {PLURAL}", self._namespace):
            self._objects.patch_namespaced_custom_object(
                GROUP,
                VERSION,
                self._namespace,
                PLURAL,
                view.name,
                patch,
                field_manager="kefu-cli",
                _content_type="application/json-patch+json",
                _request_timeout=TIMEOUT,
            )

    def _view(self, found: Mapping[str, Any]) -> ChatbotView:
        meta, status = found["metadata"], found.get("status") or {}
        label = f"{naming.OWNED_BY}={naming.owned_by('ChatbotDeployment', meta['name'])}"
        with translated("list controllerrevisions", self._namespace):
            listed = client.AppsV1Api().list_namespaced_controller_revision(
                self._namespace, label_selector=label, _request_timeout=TIMEOUT
            )
        raw = client.ApiClient().sanitize_for_serialization(listed)["items"]  # type: ignore[no-untyped-call]
        kept = tuple(
            Kept(each.name, each.content, each.found["metadata"]["creationTimestamp"], each.knowledge)
            for each in revisions_of(raw, meta["uid"])
        )
        told = {each["type"]: each for each in status.get("conditions", ())}
        return ChatbotView(
            name=meta["name"],
            version=meta["resourceVersion"],
            spec=found["spec"],
            releases=Releases.model_validate(status.get("releases") or {}),
            released=told.get("Released", {}),
            kept=kept,
        )
