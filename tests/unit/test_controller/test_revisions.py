"""Releases: what of a spec is of one, how they are numbered and kept, and whose engines they need."""

from typing import Any

import pytest

from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.desired.metadata import owned
from kefu_operator.desired.render import owner_of
from kefu_operator.desired.types import Object
from kefu_operator.plan.content import content_of, with_content
from kefu_operator.plan.engine import engine_name
from kefu_operator.plan.placement import ClusterPlacement
from kefu_operator.plan.settings import PlanSettings
from kefu_operator.plan.sharing import share_engines
from kefu_operator.rollout.engines import are_two, versions
from kefu_operator.rollout.revisions import (
    Revision,
    controller_revision,
    next_number,
    outdated,
    revisions_of,
    same,
)

OLD, NEW = "hf://Qwen/Qwen3-8B", "hf://Qwen/Qwen3-14B"


def chatbot(model: str = OLD, uid: str = "u-1", releases: Object | None = None, **spec: Any) -> ChatbotDeployment:
    found: Object = {
        "apiVersion": "kefu.dev/v1alpha1",
        "kind": "ChatbotDeployment",
        "metadata": {"name": "shop", "namespace": "acme", "uid": uid},
        "spec": {"model": {"uri": model}, "knowledge": [{"name": "shop"}], **spec},
    }
    if releases:
        found["status"] = {"releases": releases}
    return ChatbotDeployment.model_validate(found)


def kept(number: int, of: ChatbotDeployment) -> Object:
    return controller_revision(of, content_of(of.spec), number, owned("acme", owner_of(of)))


@pytest.mark.parametrize(
    ("change", "another"),
    [
        ({"persona": {"prompt": "客气一点。"}}, True),
        ({"budget": {"tokens": 64}}, True),
        ({"engine": {"dedicated": True}}, True),
        ({"engine": {"replicas": 3}}, False),
        ({"scaling": {"gateway": {"min": 3}}}, False),
        ({"access": {"apiKeysSecret": {"name": "keys"}}}, False),
        ({"rollout": {"steps": [100]}}, False),
        ({"revisionHistoryLimit": 3}, False),
        ({"session": {"window": 5}}, False),
    ],
)
def test_what_decides_how_customers_are_answered_makes_another_release(change: dict[str, Any], another: bool) -> None:
    assert (content_of(chatbot(**change).spec) != content_of(chatbot().spec)) is another


def test_a_release_is_read_back_beside_what_the_spec_says_now() -> None:
    old = chatbot(persona={"prompt": "旧"})
    now = chatbot(NEW, persona={"prompt": "新"}, engine={"replicas": 4}, rollout={"steps": [100]})
    back = with_content(now, content_of(old.spec))
    assert back is not None and back.spec.model is not None
    assert (back.spec.persona.prompt, back.spec.model.uri, back.spec.engine.replicas) == ("旧", OLD, 4)
    assert content_of(back.spec) == content_of(old.spec)
    assert with_content(now, {"nope": 1}) is None


def test_releases_are_numbered_on_and_never_anew() -> None:
    revisions = revisions_of([kept(3, chatbot(NEW)), kept(1, chatbot())], "u-1")
    assert [revision.name for revision in revisions] == ["r1", "r3"]
    assert next_number(revisions, ("r7", None, "nonsense")) == 8
    assert next_number((), ()) == 1


def test_a_release_that_comes_back_keeps_its_number() -> None:
    revisions = revisions_of([kept(1, chatbot()), kept(2, chatbot(NEW))], "u-1")
    found = same(revisions, content_of(chatbot().spec), {})
    assert found is not None and found.number == 1


def test_another_chatbot_under_the_same_name_has_releases_of_its_own() -> None:
    before, after = kept(1, chatbot(uid="u-0")), kept(1, chatbot(uid="u-1"))
    assert before["metadata"]["name"] != after["metadata"]["name"]
    assert [revision.found for revision in revisions_of([before, after], "u-1")] == [after]


def test_the_oldest_go_first_and_none_that_is_needed() -> None:
    revisions = [Revision(number, {}, {}) for number in range(1, 7)]
    assert [each.name for each in outdated(revisions, ("r1", None), 3)] == ["r2", "r3", "r4"]
    assert outdated(revisions, (), 10) == []


def test_the_newest_stays_so_that_its_number_means_no_other_release() -> None:
    # A decision about r3 may stand in the spec, while the spec went back to r2.
    revisions = [Revision(number, {}, {}) for number in (1, 2, 3)]
    assert outdated(revisions, ("r1", "r2"), 2) == []
    assert next_number(revisions, ("r1", "r2")) == 4


def engines(now: ChatbotDeployment, *revisions: Object) -> dict[str, int]:
    found = versions(now, revisions_of(revisions, "u-1"))
    sharing = share_engines(found, ClusterPlacement("acme"), PlanSettings())
    models = {uri: engine.workload.replicas for engine in sharing.engines for uri in (OLD, NEW) if uri in _uris(engine)}
    assert all(len({each.metadata.uid for each in engine.chatbots}) == 1 for engine in sharing.engines)
    return models


def _uris(engine: Any) -> set[str]:
    return {each.spec.model.uri for each in engine.chatbots}


ROLLOUT: dict[str, Any] = {"rollout": {}, "engine": {"replicas": 4}}


def test_a_new_prompt_needs_no_second_engine() -> None:
    now = chatbot(persona={"prompt": "新"}, releases={"stable": "r1"}, **ROLLOUT)
    assert engines(now, kept(1, chatbot())) == {OLD: 4}


def test_a_new_model_has_an_engine_beside_the_old_one_sized_as_the_rollout_says() -> None:
    first, second = kept(1, chatbot()), kept(2, chatbot(NEW))
    waiting = chatbot(NEW, releases={"stable": "r1"}, **ROLLOUT)
    assert engines(waiting, first) == {OLD: 4, NEW: 1}
    moving = {
        "stable": "r1",
        "candidate": "r2",
        "phase": "Scaling",
        "weight": 25,
        "step": "3/4",
        "candidateReplicas": 2,
    }
    assert engines(chatbot(NEW, releases=moving, **ROLLOUT), first, second) == {OLD: 3, NEW: 2}
    full = moving | {"weight": 100, "candidateReplicas": 4}
    assert engines(chatbot(NEW, releases=full, **ROLLOUT), first, second) == {OLD: 1, NEW: 4}


def test_the_old_engine_goes_when_the_new_release_is_stable_and_the_new_one_when_it_was_rejected() -> None:
    first, second = kept(1, chatbot()), kept(2, chatbot(NEW))
    assert engines(chatbot(NEW, releases={"stable": "r2"}, **ROLLOUT), first, second) == {NEW: 4}
    rejected = {"stable": "r1", "rejected": {"release": "r2", "reason": "RolledBack"}}
    assert engines(chatbot(NEW, releases=rejected, **ROLLOUT), first, second) == {OLD: 4}
    promoted: dict[str, Any] = {
        "rollout": {"decision": {"release": "r2", "verdict": "Promote"}},
        "engine": {"replicas": 4},
    }
    assert engines(chatbot(NEW, releases=rejected, **promoted), first, second) == {OLD: 4, NEW: 1}


def test_without_a_declared_rollout_the_old_engine_stays_until_the_new_release_is_stable() -> None:
    both = kept(1, chatbot()), kept(2, chatbot(NEW))
    spec: dict[str, Any] = {"engine": {"replicas": 4}}
    assert engines(chatbot(NEW, releases={"stable": "r1"}, **spec), *both) == {OLD: 4, NEW: 1}
    moving = {"stable": "r1", "candidate": "r2", "candidateReplicas": 3}
    assert engines(chatbot(NEW, releases=moving, **spec), *both) == {OLD: 2, NEW: 3}
    assert engines(chatbot(NEW, releases={"stable": "r2"}, **spec), *both) == {NEW: 4}


@pytest.mark.parametrize(("pods", "least"), [(1, 1), (3, 3), (9, 4)])
def test_an_engine_on_its_way_to_the_customers_does_not_sleep_and_has_the_pods_that_they_need(
    pods: int, least: int
) -> None:
    scaling: dict[str, Any] = {"scaling": {"engine": {"max": 4, "toZeroAfter": "10m"}}}
    both = revisions_of([kept(1, chatbot(**scaling)), kept(2, chatbot(NEW, **scaling))], "u-1")
    told = {"stable": "r1", "candidate": "r2", "candidateReplicas": pods}
    former, fresh = (each.spec.scaling.engine for each in versions(chatbot(NEW, releases=told, **scaling), both))
    assert former is not None and fresh is not None
    assert (former.min, former.to_zero_after) == (1, "10m")
    assert (fresh.min, fresh.to_zero_after) == (least, None)


ENGINE = {"name": engine_name("shop", chatbot().spec)}


@pytest.mark.parametrize(
    ("rollout", "told", "old", "new"),
    [
        (None, {"candidateReplicas": 1, "weight": 0}, (2, 10), (1, 1)),
        (None, {"candidateReplicas": 3, "weight": 40}, (2, 7), (3, 4)),
        (None, {"candidateReplicas": 5, "weight": 100}, (1, 1), (5, 10)),
        ({}, {"candidateReplicas": 1, "weight": 1}, (2, 10), (1, 1)),
        ({}, {"candidateReplicas": 1, "weight": 50, "step": "3/4"}, (2, 6), (1, 5)),
        ({"strategy": "Shadow"}, {"candidateReplicas": 1, "weight": 100, "step": "1/2"}, (2, 10), (1, 1)),
        ({"strategy": "Shadow"}, {"candidateReplicas": 6, "weight": 50, "step": "2/2"}, (2, 5), (6, 6)),
    ],
)
def test_two_engines_that_autoscalers_size_have_together_one_pod_more_than_one_may(
    rollout: Object | None, told: Object, old: tuple[int, int], new: tuple[int, int]
) -> None:
    spec: dict[str, Any] = {"scaling": {"engine": {"min": 2, "max": 10}}, "rollout": rollout}
    both = revisions_of([kept(1, chatbot(**spec)), kept(2, chatbot(NEW, **spec))], "u-1")
    releases = {"stable": "r1", "candidate": "r2", "phase": "Progressing"} | told
    former, fresh = (each.spec.scaling.engine for each in versions(chatbot(NEW, releases=releases, **spec), both))
    assert former is not None and fresh is not None
    assert ((former.min, former.max), (fresh.min, fresh.max)) == (old, new)
    assert former.max + fresh.max <= 10 + 1


@pytest.mark.parametrize(
    ("status", "rollout", "two"),
    [
        (None, None, False),
        ({"observedGeneration": 1, "releases": {"stable": "r1"}, "engine": ENGINE}, None, False),
        ({"observedGeneration": 1, "releases": {"stable": "r1"}, "engine": {"name": "engine-1"}}, None, True),
        ({"observedGeneration": 1, "releases": {"stable": "r1"}, "engine": ENGINE}, {}, True),
        ({"observedGeneration": 0, "releases": {"stable": "r1"}}, None, True),
        ({"observedGeneration": 1, "releases": {"stable": "r1", "candidate": "r2"}}, None, True),
    ],
)
def test_releases_are_read_only_where_there_may_be_two_engines(status: Any, rollout: Any, two: bool) -> None:
    found = chatbot(**({"rollout": rollout} if rollout is not None else {})).model_dump(
        by_alias=True, exclude_none=True
    )
    found["metadata"]["generation"] = 1
    assert are_two(ChatbotDeployment.model_validate(found | ({"status": status} if status else {}))) is two
