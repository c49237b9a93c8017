"""What an engine offers to LoRA adapters grows with what is wanted, and is not taken back while it runs."""

from dataclasses import replace
from typing import Any

import pytest

from kefu_api import digest
from kefu_operator.desired.images import Images
from kefu_operator.desired.metadata import shared
from kefu_operator.desired.objects import runners
from kefu_operator.gather.offers import offered_by
from kefu_operator.kinds import Kinds
from kefu_operator.plan.engines.lora import RANKS, Lora, combined, lora_for, offered
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.plan.sharing import scaled, share_engines
from kefu_operator.pod_templates import places, pod_spec
from kefu_operator.resources import LEADER_WORKER_SETS, Resource
from tests.unit.test_controller.applied import applied, taken
from tests.unit.test_plan.objects import chatbot

Object = dict[str, Any]

PLACE = ClusterPlacement("acme")
SETTINGS = PlanSettings(accelerators={"nvidia": AcceleratorClass("nvidia.com/gpu")})
VOICE = {"name": "voice", "uri": "hf://acme/voice", "rank": 24}
DEEP = {"name": "deep", "uri": "hf://acme/deep", "rank": 100, "size": "20Gi"}
TOKEN = {"name": "hub", "key": "token"}
SPREAD = {"vllm": {"nodes": 2}, "accelerator": {"class": "nvidia", "count": 8}, "replicas": 2}
COMMAND = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"engine"}', "f:command")


class Engine:
    """An engine that two chatbots share: one without adapters, and one that has some or none."""

    def __init__(self, engine: Object | None = None, *kinds: Resource, **model: Any) -> None:
        self.spec = {
            "model": {"uri": "hf://a/b" if engine is None else "pvc://m/b.gguf", **model},
            "engine": engine or {"vllm": {}},
        }
        self.kinds = Kinds.of(*kinds)
        self.live: list[Object] = []

    def reconcile(self, *adapters: Object) -> str:
        """A hash of its pod templates after a reconcile that finds those before."""
        model = {**self.spec["model"], "adapters": list(adapters)}
        pair = [chatbot(self.spec, name="plain"), chatbot({**self.spec, "model": model}, name="gradual")]
        name = share_engines(pair, PLACE, SETTINGS).engines[0].workload.name
        offer = offered_by(self.live)
        (engine,) = share_engines(pair, PLACE, SETTINGS, {name: offer} if offer else {}).engines
        made = runners(scaled(engine, self.kinds, SETTINGS), shared("acme", name, ()), Images())
        self.live = [applied(each) for each in made]
        return digest.of_value([pod_spec(each, place) for each in made for place in places(each)])

    @property
    def offer(self) -> Lora | None:
        return offered_by(self.live)


@pytest.mark.parametrize(
    "engine",
    [
        Engine(),
        Engine(tokenSecret=TOKEN),
        Engine(SPREAD),
        Engine(SPREAD, LEADER_WORKER_SETS),
    ],
    ids=["a pod", "a pod with a token", "StatefulSets of a group", "a LeaderWorkerSet"],
)
def test_the_template_is_the_same_once_an_adapter_was_taken_back(engine: Engine) -> None:
    before = engine.reconcile()
    assert engine.offer is None
    canary = engine.reconcile(VOICE)
    assert engine.offer == Lora(32)
    assert before != canary
    assert [engine.reconcile(VOICE), engine.reconcile(), engine.reconcile(), engine.reconcile(VOICE)] == [canary] * 4


def test_a_greater_rank_and_more_room_stay_too() -> None:
    engine = Engine()
    small, large = engine.reconcile(VOICE), engine.reconcile(VOICE, DEEP)
    assert small != large
    assert engine.offer == Lora(128, room=24 * 2**30)
    assert [engine.reconcile(VOICE), engine.reconcile()] == [large] * 2


def test_what_more_is_wanted_is_added_to_what_is_offered() -> None:
    engine = Engine()
    engine.reconcile({**DEEP, "rank": 16})
    engine.reconcile({**VOICE, "rank": 64})
    assert engine.offer == Lora(64, room=24 * 2**30)


def test_what_an_earlier_version_offered_more_of_stays() -> None:
    engine = Engine()
    engine.reconcile(VOICE)
    command = pod_spec(engine.live[0], places(engine.live[0])[0])["containers"][0]["command"]
    command[command.index("--max-loras") + 1] = "8"
    engine.reconcile()
    assert engine.offer == Lora(32, slots=8)


def test_what_the_spec_asks_for_is_there_before_the_first_adapter() -> None:
    engine = Engine({"vllm": {"lora": {"maxRank": 50, "maxAdapters": 2}}})
    before = engine.reconcile()
    assert engine.offer == Lora(64, slots=2)
    assert [engine.reconcile(VOICE), engine.reconcile()] == [before] * 2
    engine.reconcile(DEEP)
    assert engine.offer == Lora(128, slots=2, room=24 * 2**30)


def test_what_others_wrote_into_an_engine_is_no_offer() -> None:
    engine = Engine()
    small = engine.reconcile(VOICE)
    command = pod_spec(engine.live[0], places(engine.live[0])[0])["containers"][0]["command"]
    command[command.index("--max-lora-rank") + 1] = "512"
    assert offered_by([taken(engine.live[0], *COMMAND)]) is None
    assert engine.reconcile(VOICE) == small


def test_an_engine_of_another_server_offers_nothing() -> None:
    engine = Engine({"llamaCpp": {}})
    engine.reconcile()
    assert engine.offer is None


@pytest.mark.parametrize("rank", RANKS)
def test_what_was_written_is_read(rank: int) -> None:
    lora = Lora(rank, slots=2, kept=8, room=16 * 2**30)
    assert offered(("vllm", *lora.options, "--enforce-eager"), lora.room) == lora


def test_the_least_that_is_enough_for_all() -> None:
    wanted = chatbot({"model": {"uri": "hf://a/b", "adapters": [VOICE, DEEP]}}).spec.model
    assert wanted is not None
    assert lora_for(wanted.adapters) == Lora(128, room=24 * 2**30)
    assert lora_for(()) is None
    assert combined((None, Lora(16, slots=8), Lora(64), None)) == replace(Lora(64), slots=8)
    assert combined((None,)) is None
