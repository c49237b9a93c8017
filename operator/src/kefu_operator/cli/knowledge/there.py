"""The indexes of a cluster's namespace: read and patched through the API server, which also leads to the retrieval service."""

from base64 import b64decode
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import urllib3
from kubernetes import client
from pydantic import ValidationError

from kefu_api import GROUP, VERSION
from kefu_api.documents import variants
from kefu_api.documents.release import Release
from kefu_api.token import HEADER
from kefu_operator import naming
from kefu_operator.cli.errors import NotFound, Unreachable
from kefu_operator.cli.knowledge.engine import TIMEOUT as TIMEOUT_OF_ENGINES
from kefu_operator.cli.knowledge.engine import Engine, refusal
from kefu_operator.cli.knowledge.place import IndexView, known_versions, problem
from kefu_operator.cli.refusal import translated
from kefu_operator.cli.status.cluster import TIMEOUT, connect

ASK_TIMEOUT = 120
"""Seconds; an evaluation asks every golden question."""
PLURAL = "knowledgeindexes"


class There:
    """One namespace."""

    def __init__(self, namespace: str | None, context: str | None) -> None:
        """Read the kubeconfig.

        Raises:
            Unreachable: there is none, or it has no such context.
        """
        self._namespace = connect(namespace, context)
        self._objects = client.CustomObjectsApi()

    def indexes(self) -> Mapping[str, IndexView]:
        """As their specs and statuses tell."""
        with translated(f"list {PLURAL}", self._namespace):
            found: Any = self._objects.list_namespaced_custom_object(
                GROUP, VERSION, self._namespace, PLURAL, _request_timeout=TIMEOUT
            )
        return {entry["metadata"]["name"]: _view(entry) for entry in found["items"]}

    def pin(self, index: str, version: str | None) -> None:
        """A merge patch of one field; the operator does the rest."""
        body = {"spec": {"publishing": {"version": version}}}
        with translated(f"change {PLURAL}", self._namespace):
            self._objects.patch_namespaced_custom_object(
                GROUP, VERSION, self._namespace, PLURAL, index, body, _request_timeout=TIMEOUT, field_manager="kefu-cli"
            )

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        """Through the API server's proxy, with the caller's own rights (`services/proxy`)."""
        token = {HEADER: self._token(index)}
        status, answer = self._proxied(naming.retrieval(index), path, body, ASK_TIMEOUT, token)
        if status != 200:
            raise _refused(answer, status, self._namespace)
        return answer

    def engine(self, index: str) -> Engine:
        """As the release of a chatbot names it, through the API server's proxy too.

        Raises:
            NotFound: no chatbot uses the index, or its engine is none of this namespace.
        """
        for bot in self._chatbots():
            if not any(used["name"] == index for used in bot["spec"].get("knowledge", ())):
                continue
            target = self._release(bot["metadata"]["name"]).engine
            service, _, rest = (urlsplit(target.url).hostname or "").partition(".")
            if rest.split(".")[0] != self._namespace:
                raise NotFound(
                    f"the engine of ChatbotDeployment {bot['metadata']['name']} is {target.url}, outside of this namespace: "
                    "give it with --engine URL, and its key with --key-file"
                )
            return Engine(target.model, partial(self._post, service))
        raise NotFound(f"no ChatbotDeployment here uses KnowledgeIndex {index}: give an engine with --engine URL")

    def _post(self, service: str, path: str, body: bytes) -> bytes:
        status, answer = self._proxied(service, path, body or None, TIMEOUT_OF_ENGINES)
        if status != 200:
            raise refusal(status, answer, service)
        return answer

    def _chatbots(self) -> list[dict[str, Any]]:
        with translated("list chatbotdeployments", self._namespace):
            found: Any = self._objects.list_namespaced_custom_object(
                GROUP, VERSION, self._namespace, "chatbotdeployments", _request_timeout=TIMEOUT
            )
        return list(found["items"])

    def _release(self, chatbot: str) -> Release:
        with translated("read configmaps", self._namespace):
            held = client.CoreV1Api().read_namespaced_config_map(
                naming.release(chatbot), self._namespace, _request_timeout=TIMEOUT
            )
        try:
            return variants.Variants.model_validate_json((held.data or {})[variants.FILE]).stable
        except (KeyError, ValidationError) as error:
            raise NotFound(
                f"the release of ChatbotDeployment {chatbot} is of another Kefu: give --engine URL"
            ) from error

    def _proxied(
        self, service: str, path: str, body: bytes | None, timeout: float, extra: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        api = self._objects.api_client
        resource = f"/api/v1/namespaces/{self._namespace}/services/{service}:http/proxy/{path}"
        headers = {"Accept": "application/json", "Content-Type": "application/json", **(extra or {})}
        method = "POST" if body is not None else "GET"
        api.update_params_for_auth(headers, [], ["BearerToken"], resource, method, body)
        url = f"{api.configuration.host}{resource}"
        try:
            answer = api.rest_client.pool_manager.request(method, url, body=body, headers=headers, timeout=timeout)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"the API server of the current context does not answer: {error}") from error
        return answer.status, bytes(answer.data)

    def _token(self, index: str) -> str:
        name = naming.index_token(index)
        with translated(f"read secrets ({name})", self._namespace):
            held = client.CoreV1Api().read_namespaced_secret(name, self._namespace, _request_timeout=TIMEOUT)
        return b64decode((held.data or {}).get("key", "")).decode(errors="replace").strip()

    def questions(self, index: str) -> Mapping[str, str]:
        """Those of the ConfigMap that the spec names."""
        with translated(f"read {PLURAL}", self._namespace):
            found: Any = self._objects.get_namespaced_custom_object(
                GROUP, VERSION, self._namespace, PLURAL, index, _request_timeout=TIMEOUT
            )
        name = found["spec"].get("evaluation", {}).get("questions", {}).get("configMap", {}).get("name")
        if not name:
            raise NotFound(f"KnowledgeIndex {index} has no spec.evaluation: give questions with --questions FILE")
        with translated("read configmaps", self._namespace):
            held = client.CoreV1Api().read_namespaced_config_map(name, self._namespace, _request_timeout=TIMEOUT)
        return dict(held.data or {})


def _refused(body: bytes, status: int, namespace: str) -> Exception:
    if status in (401, 403):
        return NotFound(
            f"you may not reach services/proxy in namespace {namespace}: ask for the right to `create` and `get` it"
        )
    if b'"kind":"Status"' in body[:200]:
        return Unreachable("the retrieval service does not answer: see `kefu status`")
    return problem(body, status)


def _view(found: Mapping[str, Any]) -> IndexView:
    status = found.get("status") or {}
    told = {each["type"]: each for each in status.get("conditions", ())}
    bad: Mapping[str, Any] = next(
        (told[kind] for kind in ("Evaluated", "Published") if told.get(kind, {}).get("status") == "False"), {}
    )
    return IndexView(
        name=found["metadata"]["name"],
        published=(status.get("published") or {}).get("version"),
        versions=known_versions(status.get("versions")),
        pinned=found["spec"].get("publishing", {}).get("version"),
        trouble=f"{bad['reason']}: {bad.get('message', '')}" if bad else "",
    )
