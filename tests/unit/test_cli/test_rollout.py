"""What `kefu rollout` makes of a spec, and how it shows releases."""

import io
from dataclasses import replace
from typing import Any

import pytest

from kefu_api.kinds.chatbot import ChatbotDeploymentSpec
from kefu_api.kinds.rollout import Releases
from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.output import Output
from kefu_operator.cli.rollout import show
from kefu_operator.cli.rollout.view import ChatbotView, Kept, decided, paused, retried, undone

BASE: dict[str, Any] = {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "knowledge": [{"name": "shop"}]}
OLD = BASE | {"persona": {"prompt": "旧"}, "engine": {"dedicated": True}}
NEW = BASE | {"persona": {"prompt": "新"}}


def view(rollout: dict[str, Any] | None = None, **releases: Any) -> ChatbotView:
    spec = NEW | {"engine": {"replicas": 3}, "scaling": {"gateway": {"min": 3}}}
    return ChatbotView(
        name="shop",
        version="7",
        spec=spec if rollout is None else spec | {"rollout": rollout},
        releases=Releases.model_validate({"stable": "r1", **releases}),
        released={},
        kept=(Kept("r1", OLD, "2026-01-01T00:00:00Z"), Kept("r2", NEW, "2026-01-02T00:00:00Z")),
    )


def test_a_decision_is_about_the_release_on_its_way_and_no_other() -> None:
    moving = view({"steps": [100]}, candidate="r2", phase="Progressing", weight=100, step="1/1")
    assert decided(moving, "Promote")["rollout"] == {
        "steps": [100],
        "decision": {"release": "r2", "verdict": "Promote"},
    }
    rejected = view({}, rejected={"release": "r2", "reason": "RolledBack"})
    assert decided(rejected, "Promote")["rollout"]["decision"]["release"] == "r2"
    with pytest.raises(NotFound, match="no other is on its way"):
        decided(view({}), "Abort")


def test_what_was_rejected_is_retried_by_a_decision_that_was_not_carried_out_before() -> None:
    rejected = {"stable": "r1", "rejected": {"release": "r2", "reason": "RolledBack"}}
    assert retried(view({}, **rejected))["rollout"]["decision"] == {"release": "r2", "verdict": "Retry"}
    carried = {"release": "r2", "verdict": "Retry", "attempt": 2}
    again = retried(view({}, **rejected, decided=carried))
    assert again["rollout"]["decision"] == {"release": "r2", "verdict": "Retry", "attempt": 3}
    with pytest.raises(NotFound, match="no release was rolled back or aborted"):
        retried(view({}, stable="r1", candidate="r2"))


def test_a_rollout_is_held_and_let_go_with_the_rest_as_it_is() -> None:
    assert paused(view({"interval": "1m"}), True)["rollout"] == {"interval": "1m", "paused": True}
    with pytest.raises(NotFound, match="declares no spec"):
        paused(view(), True)


def test_undo_puts_the_release_before_back_and_leaves_what_is_of_no_release() -> None:
    spec, name = undone(view({}, stable="r2"), None, gradually=False)
    assert name == "r1"
    assert spec["engine"] == {"dedicated": True, "replicas": 3}
    assert (spec["persona"], spec["scaling"]) == ({"prompt": "旧"}, {"gateway": {"min": 3}})
    assert spec["rollout"]["decision"] == {"release": "r1", "verdict": "Promote"}
    ChatbotDeploymentSpec.model_validate(spec)


def test_undo_of_new_knowledge_is_left_to_the_knowledge() -> None:
    seen = view({}, stable="r3")
    later = Kept("r3", NEW, "2026-01-03T00:00:00Z", {"shop": "v2"})
    kept = (*seen.kept[:1], replace(seen.kept[1], knowledge={"shop": "v1"}), later)
    seen = replace(seen, spec=NEW | {"rollout": {}}, kept=kept)
    with pytest.raises(NotFound, match="kefu knowledge rollback shop --to v1"):
        undone(seen, None, gradually=False)
    shown = io.StringIO()
    show.history(seen, Output(shown))
    assert shown.getvalue().splitlines()[1].split()[-1] == "shop=v2"


def test_undo_in_mid_rollout_is_the_stable_release() -> None:
    moving = view({}, candidate="r2", phase="Progressing", weight=1, step="1/4")
    assert undone(moving, None, gradually=False)[1] == "r1"


def test_undo_goes_gradually_where_it_is_asked_to_and_needs_no_decision_where_nothing_is_gradual() -> None:
    assert "decision" not in undone(view({}, stable="r2"), "r1", gradually=True)[0]["rollout"]
    assert "rollout" not in undone(view(stable="r2"), "r1", gradually=False)[0]


def test_a_release_that_nobody_kept_is_named_with_those_that_are() -> None:
    with pytest.raises(NotFound, match=r"no release r9 \(it keeps: r1, r2\)"):
        undone(view(), "r9", gradually=False)
    with pytest.raises(NotFound, match="from before r1"):
        undone(view(stable="r1"), None, gradually=False)


def test_the_history_says_what_each_release_changed() -> None:
    stream = io.StringIO()
    show.history(view({}, candidate="r2"), Output(stream))
    newest, oldest = stream.getvalue().splitlines()[1:]
    assert newest.split() == ["r2", "2026-01-02T00:00:00Z", "candidate", "engine,", "persona"]
    assert oldest.split()[:3] == ["r1", "2026-01-01T00:00:00Z", "stable"]


def test_the_status_shows_each_measurement() -> None:
    stream = io.StringIO()
    measured = {"metric": "errorRate", "verdict": "Fail", "message": "errorRate is 0.5 over 30 samples"}
    show.status(view({}, rejected={"release": "r2", "reason": "RolledBack"}, measurements=[measured]), Output(stream))
    assert "RolledBack r2" in stream.getvalue() and "Fail: errorRate is 0.5 over 30 samples" in stream.getvalue()
