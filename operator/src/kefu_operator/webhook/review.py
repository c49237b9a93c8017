"""AdmissionReview in, AdmissionReview out (`admission.k8s.io/v1`). Pure."""

from typing import Any

from kefu_operator.webhook.judge import Judgement

Review = dict[str, Any]
WARNING_LETTERS = 250
"""The API server cuts longer ones."""


def answer(review: Review, judgement: Judgement) -> Review:
    """The review that answers another."""
    response: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": not judgement.refusal}
    if judgement.refusal:
        response["status"] = {"code": 422, "reason": "Invalid", "message": judgement.refusal}
    if judgement.warnings:
        response["warnings"] = [warning[:WARNING_LETTERS] for warning in judgement.warnings]
    return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
