"""Two versions of a kind on a real API server: converted by the webhook, stored anew, and the old one retired."""

import json
from typing import Any

from kefu_operator.webhook.conversion import Step, renaming
from tests.integration.test_controller.cluster import Cluster
from tests.integration.test_controller.test_webhook import RunningWebhook, trusted, webhook

__all__ = ["webhook"]

V1, V2 = "try.kefu.dev/v1alpha1", "try.kefu.dev/v1alpha2"
VERSIONS = {"Stall": (Step(V1, V2, *renaming(("spec", "search", "topK"), "limit")),)}
NAMES = {"v1alpha1": "topK", "v1alpha2": "limit"}


def crd(webhook: RunningWebhook, bundle: str, stored: str, served: tuple[str, ...]) -> dict[str, Any]:
    def version(name: str) -> dict[str, Any]:
        search = {"type": "object", "properties": {NAMES[name]: {"type": "integer", "maximum": 100}}}
        spec = {"type": "object", "properties": {"search": search, "title": {"type": "string"}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        return {"name": name, "served": name in served, "storage": name == stored, "schema": schema}

    client = {"url": f"https://localhost:{webhook.port}/convert", "caBundle": bundle}
    strategy = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "stalls.try.kefu.dev"},
        "spec": {
            "group": "try.kefu.dev", "scope": "Namespaced", "versions": [version(name) for name in NAMES],
            "names": {"kind": "Stall", "listKind": "StallList", "plural": "stalls", "singular": "stall"},
            "conversion": {"strategy": "Webhook", "webhook": strategy},
        },
    }  # fmt: skip


def stall(name: str, **search: int) -> dict[str, Any]:
    version = V1 if "topK" in search else V2
    spec = {"title": "小店", "search": search}
    return {"apiVersion": version, "kind": "Stall", "metadata": {"name": name}, "spec": spec}


def test_a_new_version_is_read_written_and_stored_and_the_old_one_retired(
    cluster: Cluster, webhook: RunningWebhook
) -> None:
    webhook.versions.update(VERSIONS)
    bundle = trusted(cluster)

    def install(stored: str, *served: str) -> None:
        cluster.run("apply", "-f", "-", stdin=json.dumps(crd(webhook, bundle, stored, served)))
        cluster.run("wait", "--for=condition=Established", "crd/stalls.try.kefu.dev", "--timeout=60s")

    install("v1alpha1", "v1alpha1", "v1alpha2")
    cluster.until(lambda: "stalls" in cluster.run("get", "--raw", f"/apis/{V2}", check=False))
    cluster.apply(stall("old", topK=3), stall("new", limit=7))
    # Each version reads what either wrote, under its own name.
    assert searches(cluster, "v1alpha1") == {"new": {"topK": 7}, "old": {"topK": 3}}
    assert searches(cluster, "v1alpha2") == {"new": {"limit": 7}, "old": {"limit": 3}}
    install("v1alpha2", "v1alpha1", "v1alpha2")
    assert stored_versions(cluster) == ["v1alpha1", "v1alpha2"]
    # Storage migration: whatever is written is stored in the new version, even where nothing changes.
    for name in ("old", "new"):
        text = cluster.run("get", "stalls.v1alpha2.try.kefu.dev", name, "-o", "json")
        cluster.run("replace", "-f", "-", stdin=text)
    done = json.dumps({"status": {"storedVersions": ["v1alpha2"]}})
    cluster.run("patch", "crd", "stalls.try.kefu.dev", "--subresource=status", "--type=merge", "-p", done)
    install("v1alpha2", "v1alpha2")
    webhook.stop()
    # Nothing needs to be converted any more, so nothing asks the webhook.
    assert searches(cluster, "v1alpha2") == {"new": {"limit": 7}, "old": {"limit": 3}}
    cluster.run("delete", "crd", "stalls.try.kefu.dev")


def searches(cluster: Cluster, version: str) -> dict[str, Any]:
    found = cluster.all(f"stalls.{version}.try.kefu.dev")
    return {each["metadata"]["name"]: each["spec"]["search"] for each in found}


def stored_versions(cluster: Cluster) -> list[str]:
    found = json.loads(cluster.run("get", "crd", "stalls.try.kefu.dev", "-o", "json"))
    versions: list[str] = found["status"]["storedVersions"]
    return versions
