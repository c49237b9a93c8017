"""What users and others do while a release is on its way, on a real API server: who is answered by whom, what is told, what is left."""

import pytest

from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_operator import naming
from kefu_operator.plan.engine import engine_name
from tests.integration.test_controller.cluster import Cluster, Object
from tests.integration.test_controller.conftest import RunningOperator
from tests.integration.test_controller.objects import chatbot, index, run_chatbot, run_gateways_for
from tests.integration.test_controller.test_exchange import another, engines, moving, served, serving
from tests.integration.test_controller.test_scaling import CRD, SCALED, keda, scale, scaling_operator

__all__ = ["scaling_operator"]

HALF: Object = {"rollout": {"steps": [50, 100], "interval": "1h"}}
WRONG: Object = {"engine": {"vllm": {}, "accelerator": {"class": "unheard-of"}}, "model": {"uri": "hf://a/b"}}


def halfway(cluster: Cluster) -> tuple[str, str]:
    """Engines of the stable release and of the one that answers half of the customers."""
    old = serving(cluster)
    cluster.apply(chatbot(**another()["spec"] | HALF))
    new = moving(cluster, old)
    cluster.run_deployment(new)
    cluster.until(lambda: served(cluster) == [(old, 50), (new, 50)])
    return old, new


def name_of(made: Object) -> str:
    """The engine that a chatbot asks for."""
    return engine_name("shop", ChatbotDeploymentSpec.model_validate(made["spec"])) or ""


def left(cluster: Cluster) -> list[tuple[str, str]]:
    """Everything that stands of any engine."""
    kinds = "deployments,services,networkpolicies,hpa,poddisruptionbudgets,configmaps,pvc"
    found = cluster.all(kinds, "kefu.dev/engine")
    # Nobody is here who lets go of a claim.
    return [(each["kind"], each["metadata"]["name"]) for each in found if "deletionTimestamp" not in each["metadata"]]


def owners(cluster: Cluster, engine: str) -> list[str]:
    """Chatbots that an engine is of."""
    return [each["name"] for each in (cluster.get("deployment", engine) or {})["metadata"]["ownerReferences"]]


@pytest.mark.parametrize("how", ["reverted", "aborted", "changed", "wrong"])
def test_the_engine_of_a_release_that_is_given_up_goes_after_the_gateways_are_told(
    cluster: Cluster, operator: RunningOperator, how: str
) -> None:
    old, new = halfway(cluster)
    since = cluster.audit_end
    abort = {"decision": {"release": "r2", "verdict": "Abort"}}
    cluster.apply({
        "reverted": lambda: chatbot(**another(2)["spec"] | HALF),
        "aborted": lambda: chatbot(**another()["spec"] | {"rollout": HALF["rollout"] | abort}),
        "changed": lambda: chatbot(**another(8)["spec"] | HALF),
        "wrong": lambda: chatbot(**WRONG),
    }[how]())  # fmt: skip
    cluster.until(lambda: new not in engines(cluster))
    assert served(cluster)[0] == (old, 100)
    written = [
        (each["verb"], each["objectRef"]["resource"], each["objectRef"]["name"]) for each in cluster.writes(since)
    ]
    assert written.index(("patch", "configmaps", "shop-release")) < written.index(("delete", "deployments", new))
    assert [each for each in left(cluster) if each[1].startswith(new)] == []


def test_a_spec_that_cannot_be_carried_out_amid_an_exchange_leaves_the_engine_that_serves_as_it_should_be(
    cluster: Cluster, operator: RunningOperator
) -> None:
    old = serving(cluster, replicas=3)
    cluster.apply(another(replicas=3))
    new = moving(cluster, old)
    cluster.run_deployment(new)
    cluster.until(lambda: (cluster.get("deployment", new) or {})["spec"]["replicas"] == 2)
    cluster.run_deployment(new)
    cluster.until(lambda: (cluster.get("deployment", old) or {})["spec"]["replicas"] == 1)
    cluster.apply(chatbot(**WRONG | {"engine": WRONG["engine"] | {"replicas": 3}}))
    cluster.until_reason("chatbot", "shop", "Released", "UnknownAccelerator")
    cluster.until(lambda: engines(cluster) == {old} and served(cluster) == [(old, 100)])
    cluster.until(lambda: (cluster.get("deployment", old) or {})["spec"]["replicas"] == 3)
    cluster.run("delete", "service", old)
    cluster.until(lambda: cluster.get("service", old))
    cluster.apply(another(8))
    third = moving(cluster, old)
    cluster.run_deployment(third)
    cluster.until(lambda: {name for _, name in left(cluster)} == {third, f"{third}-model"})


def test_what_the_api_server_refuses_of_a_candidates_engine_is_told(
    cluster: Cluster, operator: RunningOperator
) -> None:
    serving(cluster)
    new = name_of(another())
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": new}, "spec": {"ports": [{"port": 80}]}}
    cluster.apply(theirs, another())
    told = cluster.until_reason("chatbot", "shop", "Released", "NameConflict")
    assert f"Service {new} exists" in told["message"]
    assert cluster.condition("chatbot", "shop", "Stalled")["status"] == "True"
    assert cluster.condition("chatbot", "shop", "EngineReady")["status"] == "True"


def test_a_new_prompt_needs_nobody_to_wake_the_engine(cluster: Cluster, scaling_operator: RunningOperator) -> None:
    with keda(cluster):
        cluster.apply(chatbot(scaling=SCALED))
        cluster.until_reason("chatbot", "shop", "ScalingActive", "ScaledByKeda")
        (engine,) = engines(cluster)
        cluster.run_deployment(engine)
        run_chatbot(cluster)
        scale(cluster, 0)
        cluster.run_deployment(engine)
        cluster.until_reason("chatbot", "shop", "EngineReady", "Asleep")
        cluster.apply(chatbot(scaling=SCALED, persona={"prompt": "新"}))
        cluster.until(lambda: ((cluster.get("chatbot", "shop") or {})["status"]["releases"]).get("stable") == "r2")
        assert cluster.condition("chatbot", "shop", "Released")["status"] == "True"


def test_another_index_answers_when_it_has_a_version_and_the_gateways_may_call_it(
    cluster: Cluster, operator: RunningOperator
) -> None:
    serving(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "GatewayReady").get("status") == "True")
    spec = another(2)["spec"]
    cluster.apply(chatbot(**spec | {"knowledge": [{"name": "other"}]}))
    cluster.until_reason("chatbot", "shop", "Released", "IndexNotFound")
    cluster.apply(index("other"))
    cluster.until_reason("chatbot", "shop", "Released", "IndexNotReady")
    assert cluster.condition("chatbot", "shop", "KnowledgeReady")["status"] == "True"
    assert [weight for _, weight in served(cluster)] == [100, 0]
    # Its gateways are made ready for it meanwhile.
    template = (cluster.get("deployment", "shop-gateway") or {})["spec"]["template"]
    assert naming.uses(naming.retrieval("other")) in template["metadata"]["labels"]
    cluster.apply(chatbot(**spec))
    cluster.until_reason("chatbot", "shop", "Released", "Released")


def test_a_chatbot_moves_to_the_engine_of_another_when_its_gateways_may_call_it(
    cluster: Cluster, operator: RunningOperator
) -> None:
    old = serving(cluster)
    cluster.until(lambda: cluster.condition("chatbot", "shop", "GatewayReady").get("status") == "True")
    cluster.apply(chatbot("outlet", **another(6)["spec"]))
    (theirs,) = cluster.until(lambda: engines(cluster) - {old})
    cluster.run_deployment(theirs)
    cluster.apply(another(6))
    cluster.until_reason("chatbot", "shop", "Released", "WaitingForGateways")
    assert served(cluster) == [(old, 100), (theirs, 0)]
    run_chatbot(cluster)
    cluster.until(lambda: served(cluster) == [(theirs, 100)])
    cluster.until(lambda: engines(cluster) == {theirs})
    assert owners(cluster, theirs) == ["outlet", "shop"]


def test_two_that_share_an_engine_leave_it_at_the_same_time(cluster: Cluster, operator: RunningOperator) -> None:
    old = serving(cluster)
    cluster.apply(chatbot("outlet", **another(2)["spec"]))
    run_chatbot(cluster, "outlet")
    cluster.until(lambda: cluster.condition("chatbot", "outlet", "Ready").get("status") == "True")
    cluster.apply(another(2, dedicated=True), chatbot("outlet", **another(6)["spec"]))
    own, third = name_of(another(2, dedicated=True)), name_of(another(6))
    cluster.until(lambda: engines(cluster) == {old, own, third})
    run_gateways_for(cluster, own)
    cluster.run_deployment(own)
    cluster.until(lambda: served(cluster) == [(own, 100)])
    cluster.until(lambda: owners(cluster, old) == ["outlet"])
    run_gateways_for(cluster, third, "outlet")
    cluster.run_deployment(third)
    cluster.until(lambda: engines(cluster) == {own, third})


def test_a_chatbot_that_is_deleted_amid_an_exchange_leaves_nothing(cluster: Cluster, operator: RunningOperator) -> None:
    halfway(cluster)
    cluster.run("delete", "chatbot", "shop")
    cluster.until(lambda: left(cluster) == [])


def test_an_autoscaler_that_comes_and_goes_amid_a_rollout_moves_no_customer(
    cluster: Cluster, scaling_operator: RunningOperator
) -> None:
    with keda(cluster):
        old = serving(cluster, replicas=4)
        spec = another(replicas=4)["spec"] | HALF
        cluster.apply(chatbot(**spec))
        new = moving(cluster, old)
        cluster.run_deployment(new)
        cluster.until(lambda: (cluster.get("deployment", new) or {})["spec"]["replicas"] == 2)
        cluster.run_deployment(new)
        half = [(old, 50), (new, 50)]
        cluster.until(lambda: served(cluster) == half)
        cluster.apply(chatbot(**spec, scaling={"engine": {"min": 1, "max": 8}}))

        def least() -> dict[str, int]:
            return {each["metadata"]["name"]: each["spec"]["minReplicaCount"] for each in cluster.all(CRD)}

        cluster.until(lambda: least() == {old: 1, new: 2})
        cluster.until(lambda: (cluster.get("chatbot", "shop") or {})["status"]["releases"].get("formerReplicas") == 4)
        assert served(cluster) == half
        cluster.apply(chatbot(**spec))
        cluster.until(lambda: not least())
        cluster.until(lambda: "formerReplicas" not in (cluster.get("chatbot", "shop") or {})["status"]["releases"])
        assert served(cluster) == half
        assert [(cluster.get("deployment", each) or {})["spec"]["replicas"] for each in (old, new)] == [3, 2]
