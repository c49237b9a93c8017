"""Which requests of the API server are judged at all."""

from typing import Any

from kefu_operator.webhook.review import is_judged

SPEC = {"engine": {"vllm": {}, "accelerator": {"class": "warp", "count": 1}}}
OTHER = {"engine": {"vllm": {}, "accelerator": {"class": "weft", "count": 1}}}


def update(spec: Any = SPEC, **metadata: Any) -> dict[str, Any]:
    return {
        "operation": "UPDATE",
        "object": {"metadata": {"name": "a", **metadata}, "spec": spec},
        "oldObject": {"metadata": {"name": "a"}, "spec": SPEC},
    }


def test_what_is_made_removed_or_given_another_spec_is_judged() -> None:
    assert is_judged({"operation": "CREATE", "object": {"metadata": {}, "spec": SPEC}, "oldObject": None})
    assert is_judged({"operation": "DELETE", "object": None, "oldObject": {"metadata": {}, "spec": SPEC}})
    assert is_judged(update(OTHER))


def test_labels_annotations_and_finalizers_are_nobodys_mistake() -> None:
    assert not is_judged(update(labels={"team": "a"}, annotations={"note": "b"}, finalizers=[]))


def test_what_goes_may_go_whatever_is_changed_meanwhile() -> None:
    assert not is_judged(update(OTHER, deletionTimestamp="2026-01-01T00:00:00Z"))
