"""AdmissionReview in, AdmissionReview out (`admission.k8s.io/v1`). Pure."""

from typing import Any

from kefu_operator.webhook.judge import Judgement

Review = dict[str, Any]
WARNING_LETTERS = 250
"""The API server cuts longer ones."""


def is_judged(asked: Review) -> bool:
    """Whether a request brings anything new to judge: an object that goes, or whose spec stays as it is, is nobody's mistake now.

    Labels, annotations and finalizers of an object that cannot be planned any more must be free to change: a deletion in the
    foreground ends with the garbage collector taking off a finalizer.
    """
    if asked["operation"] != "UPDATE":
        return True
    found = asked["object"]
    return "deletionTimestamp" not in found["metadata"] and found.get("spec") != asked["oldObject"].get("spec")


def answer(review: Review, judgement: Judgement) -> Review:
    """The review that answers another."""
    response: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": not judgement.refusal}
    if judgement.refusal:
        response["status"] = {"code": 422, "reason": "Invalid", "message": judgement.refusal}
    if judgement.warnings:
        response["warnings"] = [warning[:WARNING_LETTERS] for warning in judgement.warnings]
    return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
