"""An admission webhook whose server is not there, and without which nothing of a kind is admitted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from kefu_operator.resources import Resource
from tests.integration.test_controller.cluster import Cluster

NAME = "nobody.example.com"


@contextmanager
def unanswered_webhook(cluster: Cluster, resource: Resource) -> Iterator[None]:
    """Every object of the kind that is made in the namespace is refused, for want of an answer."""
    group, _, version = resource.api_version.rpartition("/")
    rule = {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": ["CREATE"],
        "resources": [resource.plural],
    }
    webhook = {
        "name": NAME,
        "rules": [rule],
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": cluster.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": cluster.namespace},
        "webhooks": [webhook],
    }
    cluster.run("apply", "-f", "-", stdin=json.dumps(configuration))
    try:
        yield
    finally:
        cluster.run("delete", "validatingwebhookconfiguration", cluster.namespace)
