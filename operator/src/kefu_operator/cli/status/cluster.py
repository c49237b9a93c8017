"""Reading Kefu's objects from the cluster of the current kubeconfig. The only command that imports the client."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from kefu_api import GROUP, VERSION
from kefu_operator.cli.errors import NotFound, Unreachable

TIMEOUT = 10
"""Seconds for each request."""


@dataclass(frozen=True)
class Objects:
    """Kefu's objects of one namespace, by name."""

    namespace: str
    chatbots: Mapping[str, Mapping[str, Any]]
    indexes: Mapping[str, Mapping[str, Any]]


def read(namespace: str | None, context: str | None) -> Objects:
    """All objects of a namespace.

    Args:
        namespace: None: that of the context.
        context: None: the current one.

    Raises:
        Unreachable: there is no kubeconfig, or the API server does not answer.
        NotFound: the cluster does not know Kefu's kinds, or forbids to read them.
    """
    where = connect(namespace, context)
    api = client.CustomObjectsApi()
    return Objects(where, _list(api, where, "chatbotdeployments"), _list(api, where, "knowledgeindexes"))


def connect(namespace: str | None, context: str | None) -> str:
    """Load the kubeconfig; the namespace to work in.

    Raises:
        Unreachable: there is no kubeconfig, or no such context.
    """
    try:
        config.load_kube_config(context=context)  # type: ignore[no-untyped-call]
        return namespace or _namespace(context)
    except ConfigException as error:
        raise Unreachable(
            f"no cluster: {str(error).rstrip('.')}. Set KUBECONFIG, or start something here with `kefu run`"
        ) from error


def _namespace(context: str | None) -> str:
    contexts, active = config.list_kube_config_contexts()  # type: ignore[no-untyped-call]
    chosen = next((entry for entry in contexts if entry["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")


def _list(api: client.CustomObjectsApi, namespace: str, plural: str) -> dict[str, Mapping[str, Any]]:
    try:
        found: Any = api.list_namespaced_custom_object(GROUP, VERSION, namespace, plural, _request_timeout=TIMEOUT)
    except ApiException as error:
        raise NotFound(_advice(error, plural, namespace)) from error
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"the API server of the current context does not answer: {error}") from error
    return {entry["metadata"]["name"]: entry for entry in found["items"]}


def _advice(error: ApiException, plural: str, namespace: str) -> str:
    if error.status == 404:
        return f"the cluster does not know {plural}.{GROUP}: install Kefu with helm first"
    if error.status in (401, 403):
        return f"you may not list {plural}.{GROUP} in namespace {namespace}: ask for the right, or choose a --context"
    return f"the API server refused ({error.status} {error.reason})"
