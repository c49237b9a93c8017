"""What a rollout is told of engines and gateways: read from what stands, without a cluster."""

from typing import Any

import pytest

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator import naming
from kefu_operator.gather.chatbot import ChatbotFacts, EngineView
from kefu_operator.kinds import Kinds
from kefu_operator.plan.chatbot import ReleasePlan, plan_release
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.reconcile.releases import answers, is_known, lacks, pods_of_engine
from kefu_operator.rollout.pods import Pods
from tests.unit.test_plan.objects import chatbot

Object = dict[str, Any]
ASLEEP: Object = {"kind": "ScaledObject", "apiVersion": "keda.sh/v1alpha1", "spec": {"idleReplicaCount": 0}}
SCALED = {"scaling": {"engine": {"min": 3, "max": 8, "toZeroAfter": "5m"}}}
OTHER = {"uri": "hf://acme/other"}


def adapted(*names: str) -> Object:
    return {"uri": "hf://Qwen/Qwen3-8B", "adapters": [{"name": name, "uri": f"hf://acme/{name}"} for name in names]}


def plan(**spec: Any) -> ReleasePlan:
    return plan_release(chatbot(spec), ClusterPlacement("acme"), PlanSettings())


def running(replicas: int, available: int | None = None) -> Object:
    told = {"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas}
    told["availableReplicas"] = replicas if available is None else available
    return {"kind": "Deployment", "metadata": {"generation": 1}, "spec": {"replicas": replicas}, "status": told}


def facts(bot: ChatbotDeployment, *owned: Object, **engines: EngineView) -> ChatbotFacts:
    return ChatbotFacts({}, bot, owned, (), engines, {}, False, Kinds())


def name(release: ReleasePlan) -> str:
    assert release.engine.workload
    return release.engine.workload.name


@pytest.mark.parametrize(
    ("stable", "release", "answer"),
    [
        ({}, {"persona": {"prompt": "新"}}, True),
        ({"model": adapted("a", "b")}, {"model": adapted("b")}, True),
        ({}, {"model": adapted("a")}, False),
        ({}, {"model": OTHER}, False),
    ],
)
def test_an_engine_that_sleeps_answers_for_every_release_that_asks_nothing_new_of_it(
    stable: Object, release: Object, answer: bool
) -> None:
    before, after = plan(**stable), plan(**release)
    seen = facts(chatbot(SCALED), **{name(before): EngineView(running(0), scaler=ASLEEP)})
    assert answers(after, before, seen) is answer


def test_customers_of_another_engine_are_weighed_by_what_its_autoscaler_will_give_it() -> None:
    elsewhere, before, after = (
        plan(engine={"endpoint": {"url": "http://llm", "model": "m"}}, model=None),
        plan(),
        plan(model=OTHER),
    )
    bot, ours = chatbot(SCALED), {name(after): EngineView(running(1))}
    assert pods_of_engine(after, elsewhere, facts(bot, **ours), 0) == Pods(3, 1, elastic=True)
    for stable, given, wanted in ((1, 1, 3), (5, 1, 5), (9, 1, 8), (4, 3, 6)):
        seen = facts(bot, **ours, **{name(before): EngineView(running(stable))})
        assert pods_of_engine(after, before, seen, given) == Pods(wanted, 1, elastic=True)


def test_a_release_waits_for_an_index_that_it_alone_draws_from() -> None:
    ready = {"type": "StoreReady", "status": "True"}
    answering = {"status": {"published": {"version": "v1"}, "conditions": [ready]}}
    before, after = plan(), plan(knowledge=[{"name": "shop"}, {"name": "other"}])

    def lacking(**indexes: Object | None) -> list[str]:
        found = ChatbotFacts({}, chatbot(), (), (), {}, indexes, False, Kinds())
        return [check.reason for check in lacks(after, before, found)]

    assert (lacking(shop=None, other=answering), lacking(shop=answering)) == ([], ["IndexNotFound"])
    assert lacking(other={"status": {"conditions": [ready]}}) == ["IndexNotReady"]
    assert lacks(after, None, facts(chatbot())) == ()


def gateway(*releases: ReleasePlan, updated: int = 2, available: int = 2) -> Object:
    """The Deployment of gateways that were told of these releases."""
    called = [engine.name for each in releases if (engine := each.engine.workload)]
    called += [naming.retrieval(index.name) for each in releases for index in each.document.knowledge]
    mounts = [mount.name for each in releases for mount in each.engine.gateway_mounts]
    template = {
        "metadata": {"labels": {naming.uses(each): "true" for each in called}},
        "spec": {"volumes": [{"name": each} for each in mounts]},
    }
    status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": updated, "availableReplicas": available}
    meta = {"name": "shop-gateway", "namespace": "acme", "generation": 1}
    return {"kind": "Deployment", "metadata": meta, "spec": {"replicas": 2, "template": template}, "status": status}


KEYED = {"endpoint": {"url": "http://llm", "model": "m", "apiKeySecret": {"name": "llm", "key": "key"}}}


@pytest.mark.parametrize(
    "release", [{"model": OTHER}, {"knowledge": [{"name": "other"}]}, {"engine": KEYED, "model": None}]
)
def test_a_release_waits_for_gateways_that_may_call_what_it_needs(release: Object) -> None:
    before, after = plan(), plan(**release)

    def known(*made: Object) -> bool:
        return is_known(after, before, facts(chatbot(), *made))

    assert not known(gateway(before))
    assert not known(gateway(before, after, updated=1))
    assert known(gateway(before, after))
    # Where no gateway answers, nobody is answered badly.
    assert known(gateway(before, available=0)) and known()


def test_what_needs_nothing_new_is_known_to_gateways_that_are_replaced_for_other_reasons() -> None:
    seen = facts(chatbot(), gateway(plan(), updated=1))
    assert is_known(plan(persona={"prompt": "新"}), plan(), seen)
