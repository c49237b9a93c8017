"""The rendered NetworkPolicies, judged over every pair of pods of two tenants, and strangers in both and beside them."""

from collections.abc import Iterable
from typing import Any

import pytest

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_api.kinds.knowledge.index import KnowledgeIndex
from kefu_operator.desired.images import Images
from kefu_operator.desired.network import AS_IT_COMES, Network
from kefu_operator.desired.render import render
from kefu_operator.kinds import Kinds
from kefu_operator.plan.settings import PlanSettings
from tests.unit.test_controller.policies import End, Judge, pods_of

TENANTS = ("acme", "outlet")
INTERNET = End("internet", "93.184.216.34")
INTRANET = End("intranet", "10.0.0.9")
METADATA = End("cloud metadata", "169.254.169.254")

SEARCH, MILVUS, REDIS, ENGINE, PUBLIC, ADMIN, METRICS = 8081, 19530, 6379, 8000, 8080, 9090, 9091


def tenant(namespace: str, network: Network, source: dict[str, Any]) -> list[dict[str, Any]]:
    """Two indexes, of which one chatbot uses one, and all that is made of them."""
    indexes = [
        KnowledgeIndex.model_validate({
            "apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex",
            "metadata": {"name": name, "namespace": namespace, "uid": f"{namespace}-{name}"},
            "spec": {"sources": [{"name": "faq", "inline": "text"}, {"name": "web", **source}]},
        })
        for name in ("shop", "other")
    ]  # fmt: skip
    engines: dict[str, dict[str, Any]] = {
        "shop": {"model": {"uri": "https://models.example/m.gguf"}, "engine": {"llamaCpp": {}}},
        "remote": {"engine": {"endpoint": {"url": "https://llm.example/", "model": "m"}}},
    }
    chatbots = [
        ChatbotDeployment.model_validate({
            "apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment",
            "metadata": {"name": name, "namespace": namespace, "uid": f"{namespace}-bot-{name}"},
            "spec": {"knowledge": [{"name": "shop"}], **spec},
        })
        for name, spec in engines.items()
    ]  # fmt: skip
    digests = {(namespace, name): {"web": "0" * 64} for name in ("shop", "other")}
    return render(indexes, chatbots, digests, PlanSettings(), Images(), Kinds(), network)


def world(private: bool = False, network: Network = AS_IT_COMES) -> tuple[Judge, dict[str, End]]:
    """Policies, and every pod by `namespace/role`."""
    source = {"http": {"urls": ["https://shop.example/faq.yaml"], "private": private}}
    made = [each for namespace in TENANTS for each in tenant(namespace, network, source)]
    namespaces = (*TENANTS, "monitoring", "kube-system", "elsewhere")
    strangers = [End("stranger", f"10.250.0.{place}", namespace) for place, namespace in enumerate(namespaces)]
    pods = {f"{pod.namespace}/{role(pod.name)}": pod for pod in (*pods_of(made), *strangers)}
    return Judge([each for each in made if each["kind"] == "NetworkPolicy"], namespaces), pods


def role(name: str) -> str:
    """Names without hashes."""
    parts = name.split("-")
    return "engine" if parts[0] == "engine" else "-".join(parts[:2])


def openings(judge: Judge, pods: dict[str, End], ports: Iterable[int]) -> set[tuple[str, str, int]]:
    """Every connection between two pods that is let through, to ports that the second listens on."""
    return {
        (source, target, port)
        for source, one in pods.items()
        for target, other in pods.items()
        for port in ports
        if source != target and port in other.ports.values() and judge.allows(one, other, port)
    }


def expected(pods: dict[str, End]) -> set[tuple[str, str, int]]:
    """Everything that has to be possible, and with it all that may be."""
    wanted: set[tuple[str, str, int]] = set()
    for space in TENANTS:
        calls = {
            "shop-gateway": [
                ("shop-retrieval", SEARCH),
                ("shop-redis", REDIS),
                ("engine", ENGINE),
                ("shop-retrieval", METRICS),
            ],
            "remote-gateway": [("shop-retrieval", SEARCH), ("remote-redis", REDIS), ("shop-retrieval", METRICS)],
            **{f"{index}-retrieval": [(f"{index}-milvus", MILVUS)] for index in ("shop", "other")},
            **{f"{index}-ingest": [(f"{index}-milvus", MILVUS)] for index in ("shop", "other")},
        }
        wanted |= {
            (f"{space}/{source}", f"{space}/{target}", port)
            for source, listed in calls.items()
            for target, port in listed
        }
        for stranger in (name for name in pods if name.endswith("/stranger")):
            wanted |= {
                (stranger, f"{space}/{name}-gateway", port) for name in ("shop", "remote") for port in (PUBLIC, ADMIN)
            }
            wanted |= {(stranger, f"{space}/{name}-retrieval", METRICS) for name in ("shop", "other")}
        wanted |= {("kube-system/stranger", f"{space}/{name}-retrieval", SEARCH) for name in ("shop", "other")}
        wanted |= {("kube-system/stranger", f"{space}/engine", ENGINE)}
        # A fetch of the model may lead anywhere, into the cluster too; what is there still asks who it is.
        wanted |= {
            (f"{space}/engine", f"{other}/{name}-gateway", port)
            for other in TENANTS for name in ("shop", "remote") for port in (PUBLIC, ADMIN)
        }  # fmt: skip
        wanted |= {
            (f"{space}/engine", f"{other}/{name}-retrieval", METRICS) for other in TENANTS for name in ("shop", "other")
        }
    return wanted


def test_pods_reach_what_they_work_with_and_nothing_else() -> None:
    judge, pods = world()
    assert len(pods) == 5 + 2 * 13
    ports = (SEARCH, MILVUS, REDIS, ENGINE, PUBLIC, ADMIN, METRICS)
    assert openings(judge, pods, ports) == expected(pods)


def test_nothing_of_one_tenant_is_reached_from_another_but_its_front_door() -> None:
    """At ports that nobody listens on today as well."""
    judge, pods = world()
    acme = [pod for name, pod in pods.items() if name.startswith("acme/")]
    outlet = [pod for name, pod in pods.items() if name.startswith("outlet/") and pod.name != "stranger"]
    for port in (22, 53, 80, 443, 2379, 5000, 8082, SEARCH, MILVUS, REDIS, ENGINE):
        assert not [(one.name, other.name) for one in acme for other in outlet if judge.allows(one, other, port)], port


@pytest.mark.parametrize(
    ("role", "private", "reached"),
    [
        ("shop-milvus", False, set()),
        ("shop-redis", False, set()),
        ("shop-retrieval", False, set()),
        ("shop-ingest", False, set()),
        ("shop-gateway", False, set()),
        ("remote-gateway", False, {"internet", "intranet"}),
        ("shop-fetch", False, {"internet"}),
        ("shop-fetch", True, {"internet", "intranet"}),
        ("engine", False, {"internet", "intranet"}),
    ],
)
def test_what_leaves_the_cluster(role: str, private: bool, reached: set[str]) -> None:
    judge, pods = world(private)
    ends = (INTERNET, INTRANET, METADATA)
    assert {end.name for end in ends if judge.allows(pods[f"acme/{role}"], end, 443)} == reached
    resolver = End("dns", "10.96.0.10", "kube-system")
    speaks = role not in ("shop-milvus", "shop-redis")
    assert judge.allows(pods[f"acme/{role}"], resolver, 53, "UDP") == speaks


def test_every_pod_is_bound_in_both_directions() -> None:
    judge, pods = world()
    for name, pod in pods.items():
        if not name.endswith("/stranger"):
            assert judge._directions(pod, "Ingress"), name
            assert judge._directions(pod, "Egress"), name


def space(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_an_installation_says_who_may_call_gateways_and_who_reads_metrics() -> None:
    chosen = Network(customers=(space("elsewhere"),), scrapers=(space("monitoring"),), api_server=())
    judge, pods = world(network=chosen)
    ports = (SEARCH, MILVUS, REDIS, ENGINE, PUBLIC, ADMIN, METRICS)
    outer = {opening for opening in openings(judge, pods, ports) if opening[0].endswith("/stranger")}
    expected = set()
    for tenant in TENANTS:
        for name in ("shop", "remote"):
            expected |= {("elsewhere/stranger", f"{tenant}/{name}-gateway", PUBLIC)}
            expected |= {("monitoring/stranger", f"{tenant}/{name}-gateway", ADMIN)}
        expected |= {("monitoring/stranger", f"{tenant}/{name}-retrieval", METRICS) for name in ("shop", "other")}
        expected |= {("monitoring/stranger", f"{tenant}/engine", ENGINE)}
    assert outer == expected


def test_the_prometheus_of_the_installation_reads_what_engines_tell() -> None:
    judge, pods = world(network=Network(prometheus="monitoring"))
    reader, engine = pods["monitoring/stranger"], pods["acme/engine"]
    assert judge.allows(reader, engine, ENGINE)
    assert judge.allows(reader, pods["acme/shop-gateway"], ADMIN)
    assert judge.allows(pods["elsewhere/stranger"], pods["acme/shop-gateway"], ADMIN)
    assert not judge.allows(pods["elsewhere/stranger"], engine, ENGINE)


def test_none_is_made_where_an_installation_wants_none() -> None:
    made = tenant("acme", Network(enabled=False), {"http": {"urls": ["https://shop.example/faq.yaml"]}})
    assert not [each for each in made if each["kind"] == "NetworkPolicy"]


ENDS = {
    "internet": INTERNET,
    "internet 6": End("internet 6", "2001:db8::1"),
    "milvus": End("pod", "fd00::2", "milvus"),
    "own": End("pod", "fd00::3", "acme"),
    "other": End("pod", "fd00::4", "outlet"),
    "metadata": METADATA,
}


@pytest.mark.parametrize(
    ("url", "reached"),
    {
        "http://milvus.milvus.svc:19530": {"milvus"},
        "http://milvus.milvus.svc.cluster.local:19530": {"milvus"},
        "http://milvus:19530": {"own"},
        "http://93.184.216.34:19530": {"internet"},
        "http://[2001:db8::1]:19530": {"internet 6"},
        # Such names may be of the cluster or of the world; blocks of addresses hold those of pods too.
        "http://milvus.milvus:19530": set(ENDS) - {"metadata"},
        "https://milvus.example.com:19530": set(ENDS) - {"metadata"},
    }.items(),
)
def test_a_server_of_others_is_reached_by_its_address(url: str, reached: set[str]) -> None:
    index = KnowledgeIndex.model_validate({
        "apiVersion": "kefu.dev/v1alpha1", "kind": "KnowledgeIndex", "metadata": {"name": "shop", "namespace": "acme"},
        "spec": {"sources": [{"name": "faq", "inline": "text"}], "store": {"external": {"uri": url}}},
    })  # fmt: skip
    made = render([index], [], {("acme", "shop"): {}}, PlanSettings(), Images(), Kinds())
    judge = Judge([each for each in made if each["kind"] == "NetworkPolicy"], ("acme", "milvus", "outlet"))
    pods = list(pods_of(made))
    assert len(pods) == 2
    for pod in pods:
        assert {name for name, end in ENDS.items() if judge.allows(pod, end, 19530)} == reached
        assert not {"internet", "other"} & {name for name, end in ENDS.items() if judge.allows(pod, end, 22)}


def test_the_pods_of_a_group_reach_one_another_and_nobody_else_reaches_a_worker() -> None:
    made = []
    for name in ("shop", "outlet"):
        spec = {
            "model": {"uri": f"pvc://models/{name}", "adapters": [{"name": "voice", "uri": "hf://acme/voice"}]},
            "engine": {"vllm": {"nodes": 2}},
            "knowledge": [{"name": "shop"}],
        }
        bot = ChatbotDeployment.model_validate({
            "apiVersion": "kefu.dev/v1alpha1", "kind": "ChatbotDeployment",
            "metadata": {"name": name, "namespace": "acme", "uid": f"bot-{name}"}, "spec": spec,
        })  # fmt: skip
        made += render([], [bot], {}, PlanSettings(), Images(), Kinds())
    judge = Judge([each for each in made if each["kind"] == "NetworkPolicy"], ("acme",))
    pods = list(pods_of(made))
    leaders = [pod for pod in pods if pod.name.endswith("-nodes")]
    workers = [pod for pod in pods if pod.name.endswith("-nodes-0")]
    assert (len(leaders), len(workers)) == (2, 2)
    for leader, worker in zip(leaders, workers, strict=True):
        for one, other in ((leader, worker), (worker, leader)):
            assert all(judge.allows(one, other, port) for port in (8001, 8002, 29501, 40_000))
        others = [pod for pod in (*pods, End("stranger", "10.250.0.1", "acme")) if pod not in (leader, worker)]
        assert not any(
            judge.allows(other, worker, port) for other in others for port in (8000, 8001, 8002, 29501, 40_000)
        )
        assert not any(judge.allows(other, leader, port) for other in others for port in (8001, 8002, 29501, 40_000))
        gateways = {other.name for other in others if judge.allows(other, leader, ENGINE)}
        assert len(gateways) == 1
