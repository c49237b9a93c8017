"""What the webhook refuses, what it warns of, and what it lets in."""

from typing import Any

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.plan.settings import AcceleratorClass, PlanSettings
from kefu_operator.webhook.judge import Judgement, Neighbourhood, judge_chatbot, judge_index_removal
from kefu_operator.webhook.review import answer

GPU = "nvidia.com/gpu"
SETTINGS = PlanSettings(
    accelerators={"nvidia": AcceleratorClass(GPU), "t4": AcceleratorClass(GPU, memory=15360 * 2**20)}
)
SHOP = frozenset({"shop"})


def chatbot(name: str = "a", uri: str = "hf://Qwen/Qwen3-8B", **engine: Any) -> ChatbotDeployment:
    return ChatbotDeployment.model_validate(
        {
            "apiVersion": "kefu.dev/v1alpha1",
            "kind": "ChatbotDeployment",
            "metadata": {"name": name, "namespace": "acme", "uid": f"uid-{name}"},
            "spec": {
                "model": {"uri": uri},
                "engine": {"vllm": {}, "accelerator": {"class": "nvidia", "count": 1}, **engine},
                "knowledge": [{"name": "shop"}],
            },
        }
    )


def judge(made: ChatbotDeployment, *others: ChatbotDeployment, limit: int | None = None) -> Judgement:
    quotas = {} if limit is None else {GPU: limit}
    return judge_chatbot(made, Neighbourhood(others, SHOP, quotas), SETTINGS)


def test_a_sound_chatbot_is_let_in_without_a_word() -> None:
    assert judge(chatbot()) == Judgement()


def test_an_unknown_accelerator_class_is_refused_with_those_that_are_known() -> None:
    refusal = judge(chatbot(accelerator={"class": "warp", "count": 1})).refusal
    assert "spec.engine.accelerator.class" in refusal
    assert "nvidia" in refusal


def test_a_model_that_does_not_fit_is_refused_with_the_arithmetic() -> None:
    refusal = judge(chatbot(uri="hf://Qwen/Qwen3-32B", accelerator={"class": "t4", "count": 1})).refusal
    assert "GiB" in refusal


def test_more_devices_than_the_quota_are_refused_with_field_and_remedy() -> None:
    refusal = judge(chatbot(replicas=3), limit=2).refusal
    assert refusal.startswith("spec.engine: ")
    assert "3 nvidia.com/gpu" in refusal
    assert "lets it have 2" in refusal
    assert "raise the quota" in refusal
    assert judge(chatbot(replicas=2), limit=2) == Judgement()


def test_every_pod_of_a_group_asks_for_devices() -> None:
    groups = chatbot(uri="pvc://models/qwen", vllm={"nodes": 2}, replicas=2)
    assert "4 nvidia.com/gpu" in judge(groups, limit=3).refusal
    assert judge(groups, limit=4) == Judgement()


def test_what_the_neighbours_have_counts_and_a_shared_engine_counts_once() -> None:
    assert judge(chatbot("b", dedicated=True), chatbot("a", dedicated=True), limit=1).refusal
    assert not judge(chatbot("b"), chatbot("a"), limit=1).refusal


def test_a_change_that_asks_for_no_more_is_let_in_though_the_quota_is_exceeded_already() -> None:
    assert not judge(chatbot(replicas=3), chatbot(replicas=3), limit=1).refusal
    assert judge(chatbot(replicas=4), chatbot(replicas=3), limit=1).refusal


def test_an_index_that_is_not_there_yet_is_a_warning_so_that_the_order_of_files_does_not_matter() -> None:
    judged = judge_chatbot(chatbot(), Neighbourhood(), SETTINGS)
    assert judged.refusal == ""
    assert judged.warnings == (
        "spec.knowledge: KnowledgeIndex shop does not exist; the chatbot is ready once it is applied",
    )


def test_deleting_an_index_warns_of_those_that_name_it() -> None:
    many = tuple(chatbot(f"bot-{number}") for number in range(7))
    assert "bot-0" in judge_index_removal("shop", Neighbourhood(many)).warnings[0]
    assert "and 2 more" in judge_index_removal("shop", Neighbourhood(many)).warnings[0]
    assert judge_index_removal("other", Neighbourhood(many)) == Judgement()


def test_the_answer_carries_the_questions_uid_and_a_refusal_its_message() -> None:
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u"}}
    assert answer(asked, Judgement())["response"] == {"uid": "u", "allowed": True}
    refused = answer(asked, Judgement("spec.x: no"))["response"]
    assert (refused["allowed"], refused["status"]["message"]) == (False, "spec.x: no")
    assert len(answer(asked, Judgement(warnings=("x" * 999,)))["response"]["warnings"][0]) <= 256
