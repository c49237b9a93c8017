"""A managed store by the real Milvus operator: made, searched, edited, taken away, kept and taken up again. In this order.

The Milvus operator takes minutes to compile, so this has a target of its own: `make test-milvus`. What stands in for what cannot be
had here: charts of our own with a real etcd and versitygw for those of etcd and MinIO, and Milvus Lite in the place of Milvus, whose
last version in a package, 2.3.5, knows no words. That one is run too, as far as it goes: until the Milvus operator finds it healthy.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import pytest
import yaml
from hack.stack.install import Stack
from hack.stack.kube import CommandError, Kube
from hack.stack.milvus_operator import install, remove
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from tests.e2e.searching import Service, search, service_of
from tests.e2e.space import space

ASKED = "KEFU_TEST_MILVUS"
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not os.environ.get(ASKED), reason="needs the Milvus operator: make test-milvus"),
]

T = TypeVar("T")

NAMESPACE = "milvus-e2e"
PATIENCE = 420
"""Seconds for one step: the Milvus operator looks at what it made every half minute, and its pods take half a minute to end."""
LOOKS = 70
"""Seconds in which the Milvus operator looks at a healthy Milvus once more."""
MILVUS_PODS = "app.kubernetes.io/name=milvus"
ALL = "pods,persistentvolumeclaims,secrets,networkpolicies,services,statefulsets,deployments,configmaps"
QUESTION = "月光礼盒多少钱？"


@pytest.fixture(scope="module")
def kube(stack: Stack) -> Iterator[Kube]:
    """The cluster with the Milvus operator, in a namespace that lets Milvus run as root."""
    install(stack)
    stack.change(f"images.milvus={stack.load('milvus-stand-in')['milvus-stand-in']}")
    with space(stack.kube, NAMESPACE, "baseline"):
        yield stack.kube
        stack.kube.kubectl("delete", "ki", "--all", "-n", NAMESPACE)
        until(lambda: not stack.kube.list("milvuses", NAMESPACE), lambda: stack.kube.list("milvuses", NAMESPACE))
    remove(stack)


def until(find: Callable[[], T | None], what: Callable[[], object]) -> T:
    """What `find` finds as soon as it finds something; `what` tells how things stand if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not (found := find()):
        assert time.monotonic() < deadline, what()
        time.sleep(1)
    return found


def write(kube: Kube, price: int) -> None:
    """Edit the FAQ."""
    text = yaml.safe_dump(
        [{"id": "gift", "question": QUESTION, "answer": f"月光礼盒售价 {price} 元。"}], allow_unicode=True
    )
    kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "faq"}, "data": {"faq.yaml": text}},
               namespace=NAMESPACE)  # fmt: skip


def index(name: str, policy: str) -> dict[str, Any]:
    """An index with a managed store."""
    managed = {"memory": "1024Mi", "size": "1Gi", "fallback": "Wait", "deletionPolicy": policy}
    sources = [{"name": "faq", "format": "FAQ", "configMap": {"name": "faq"}}]
    return {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "KnowledgeIndex",
        "metadata": {"name": name},
        "spec": {"sources": sources, "store": {"managed": managed}},
    }


def status(kube: Kube, name: str) -> dict[str, Any]:
    found: dict[str, Any] = kube.get("ki", name, NAMESPACE).get("status", {})
    return found


def ready(kube: Kube, name: str) -> str:
    """Wait until an index is Ready; the version that answers."""
    try:
        words = ("ki", name, "-n", NAMESPACE, f"--timeout={PATIENCE}s")
        kube.kubectl("wait", "--for=condition=Ready", *words, timeout=PATIENCE + 10)
    except CommandError as error:
        seen = kube.kubectl("get", "ki,milvuses,pods,pvc", "-n", NAMESPACE, "-o", "wide")
        raise CommandError(f"{error}\n{status(kube, name).get('conditions')}\n{seen}") from error
    version: str = status(kube, name)["published"]["version"]
    return version


def named(kube: Kube, kinds: str, prefix: str) -> list[str]:
    """Objects of those kinds whose names begin so."""
    found = kube.list(kinds, NAMESPACE)
    return sorted(f"{each['kind']}/{name}" for each in found if (name := each["metadata"]["name"]).startswith(prefix))


def delete(kube: Kube, name: str) -> float:
    """Delete an index; seconds until its Milvus is gone too."""
    began = time.monotonic()
    kube.kubectl("delete", "ki", name, "-n", NAMESPACE)
    until(lambda: not named(kube, "milvuses,pods", f"{name}-milvus-milvus") and not named(kube, "milvuses", name),
          lambda: kube.list("milvuses", NAMESPACE))  # fmt: skip
    return time.monotonic() - began


def test_an_index_gets_a_milvus_answers_from_it_and_follows_an_edit(kube: Kube) -> None:
    write(kube, 318)
    began = time.monotonic()
    kube.apply(index("shop", "Delete"), namespace=NAMESPACE)
    first = ready(kube, "shop")
    at = time.monotonic()
    assert status(kube, "shop")["store"] == "Managed"
    service = service_of(kube, "shop", NAMESPACE)
    assert answers(service, "318")
    write(kube, 527)
    edited = time.monotonic()
    until(lambda: answers(service, "527"), lambda: status(kube, "shop"))
    answered = time.monotonic()
    until(lambda: ready(kube, "shop") != first, lambda: status(kube, "shop"))
    print(f"Ready after {at - began:.0f} s; an edit answered after {answered - edited:.0f} s")


def test_no_key_stands_in_a_configmap(kube: Kube) -> None:
    secrets = {
        value
        for name, keys in {"shop-milvus-minio": ("secretkey",), "shop-milvus-root": ("password", "token")}.items()
        for value in (kube.secret(name, key, NAMESPACE) for key in keys)
    }
    told = str(kube.list("configmaps,milvuses", NAMESPACE))
    assert "shop-milvus-minio.milvus-e2e" in told, "the Milvus operator's ConfigMap is there"
    assert not [value for value in secrets if value in told]


def test_the_milvus_operator_and_kefu_leave_each_others_fields_alone(kube: Kube) -> None:
    before = kube.get("milvus", "shop-milvus", NAMESPACE)["metadata"]["generation"]
    time.sleep(LOOKS)
    assert kube.get("milvus", "shop-milvus", NAMESPACE)["metadata"]["generation"] == before


def test_another_image_replaces_the_pod_and_what_is_published_answers_again(stack: Stack, kube: Kube) -> None:
    version = ready(kube, "shop")
    (pod,) = kube.list("pods", NAMESPACE, MILVUS_PODS)
    began = time.monotonic()
    stack.change("images.milvus=kefu.local/milvus-stand-in:dev")

    def replaced() -> bool:
        pods = kube.list("pods", NAMESPACE, MILVUS_PODS)
        up = [each["status"]["containerStatuses"][0]["ready"] for each in pods if "containerStatuses" in each["status"]]
        return up == [True] and pods[0]["metadata"]["uid"] != pod["metadata"]["uid"]

    until(replaced, lambda: kube.list("pods", NAMESPACE, MILVUS_PODS))
    print(f"another image: a new pod was ready after {time.monotonic() - began:.0f} s")
    service = service_of(kube, "shop", NAMESPACE)
    until(lambda: answers(service, "527"), lambda: status(kube, "shop"))
    assert ready(kube, "shop") == version


def test_all_goes_with_the_index(kube: Kube) -> None:
    seconds = delete(kube, "shop")
    until(lambda: not named(kube, ALL, "shop-"), lambda: named(kube, ALL, "shop-"))
    print(f"a Milvus was gone {seconds:.0f} s after its index was deleted")


def test_what_is_retained_is_taken_up_by_an_index_of_the_same_name(kube: Kube) -> None:
    kube.apply(index("kept", "Retain"), namespace=NAMESPACE)
    ready(kube, "kept")
    password, claims = kube.secret("kept-milvus-root", "password", NAMESPACE), volumes(kube)
    assert set(claims) == {"data-kept-milvus-etcd-0", "kept-milvus-data", "kept-milvus-minio"}
    delete(kube, "kept")
    assert volumes(kube) == claims
    assert set(named(kube, ALL, "kept-")) >= {
        "Deployment/kept-milvus-minio", "NetworkPolicy/kept-milvus-etcd", "NetworkPolicy/kept-milvus-minio",
        "Secret/kept-milvus-minio", "Secret/kept-milvus-root", "StatefulSet/kept-milvus-etcd",
    }  # fmt: skip
    kube.apply(index("kept", "Retain"), namespace=NAMESPACE)
    ready(kube, "kept")
    assert (kube.secret("kept-milvus-root", "password", NAMESPACE), volumes(kube)) == (password, claims)
    assert answers(service_of(kube, "kept", NAMESPACE), "527")


def test_what_was_retained_is_removed_as_the_reference_says(kube: Kube) -> None:
    delete(kube, "kept")
    kube.run("helm", "uninstall", "kept-milvus-etcd", "kept-milvus-minio", "-n", NAMESPACE)
    for kinds, labels in (
        ("pvc", "app.kubernetes.io/instance=kept-milvus-etcd"),
        ("pvc", "release=kept-milvus-minio"),
        ("pvc,secret,networkpolicy", "kefu.dev/owned-by=KnowledgeIndex.kept,kefu.dev/retained"),
    ):
        kube.kubectl("delete", kinds, "-n", NAMESPACE, "-l", labels)
    until(lambda: not named(kube, ALL, "kept-"), lambda: named(kube, ALL, "kept-"))


def test_a_real_milvus_runs_on_the_etcd_and_the_minio_of_its_object(stack: Stack, kube: Kube) -> None:
    """Milvus 2.3.5 gives root no password of ours, and knows no words: it is asked by its default password, and nothing is published."""
    stack.change(f"images.milvus={stack.load('milvus')['milvus']}")
    kube.apply(index("real", "Delete"), namespace=NAMESPACE)
    began = time.monotonic()
    kube.kubectl("wait", "--for=condition=StoreReady", "ki/real", "-n", NAMESPACE, f"--timeout={PATIENCE}s",
                 timeout=PATIENCE + 10)  # fmt: skip
    print(f"Milvus 2.3.5 was healthy after {time.monotonic() - began:.0f} s")
    until(lambda: "UNAUTHENTICATED" in str(status(kube, "real")), lambda: status(kube, "real"))
    address = kube.get("service", "real-milvus-milvus", NAMESPACE)["spec"]["clusterIP"]
    with closing(MilvusClient(f"http://{address}:19530", token="root:Milvus", timeout=30)) as client:
        client.create_collection("seen", dimension=4)
        client.insert("seen", [{"id": 1, "vector": [1, 0, 0, 0]}])
        client.flush("seen")
    (pod,) = kube.list("pods", NAMESPACE, "release=real-milvus-minio")
    walk = "import os; print(sum(len(files) for _, _, files in os.walk('/data/objects/real-milvus')))"
    words = ("-c", "s3", "--", "/usr/local/bin/python", "-c", walk)
    assert int(kube.kubectl("exec", pod["metadata"]["name"], "-n", NAMESPACE, *words)) > 0


def volumes(kube: Kube) -> dict[str, str]:
    """Claims of the Milvus of the index `kept`: name and uid."""
    found = (each["metadata"] for each in kube.list("pvc", NAMESPACE))
    return {meta["name"]: meta["uid"] for meta in found if "kept-milvus" in meta["name"]}


def answers(service: Service, price: str) -> bool:
    """Whether the service finds the price; False while it cannot search."""
    try:
        return price in search(service, QUESTION).hits[0].text
    except OSError:
        return False
