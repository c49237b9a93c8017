"""What of a spec is of its release: the parts that decide how customers are answered.

How many pods run, who may ask and how a release comes to the customers are not among them.
"""

from pydantic import ValidationError

from kefu_api.kinds.chatbot import ChatbotDeployment, ChatbotDeploymentSpec
from kefu_operator.desired.types import Object

NOT_OF_A_RELEASE = frozenset({"scaling", "access", "rollout", "revisionHistoryLimit"})
"""Fields of the spec; whatever the API gains is of a release unless it is named here."""
BESIDE = {"engine": frozenset({"replicas"}), "session": frozenset({"store"})}
"""Fields of parts that are of a release: all releases of a chatbot remember in one place."""


def content_of(spec: ChatbotDeploymentSpec) -> Object:
    """A release's content; without defaults, so that a field that the API gains makes no new release."""
    said = {name: value for name, value in _said(spec).items() if name not in NOT_OF_A_RELEASE}
    for part, others in BESIDE.items():
        kept = {name: value for name, value in said.pop(part, {}).items() if name not in others}
        said |= {part: kept} if kept else {}
    return said


def with_content(chatbot: ChatbotDeployment, content: Object) -> ChatbotDeployment | None:
    """The chatbot as that release has it, beside what its present spec says; None where it cannot be read any more."""
    try:
        spec = ChatbotDeploymentSpec.model_validate(restored(_said(chatbot.spec), content))
    except ValidationError:
        return None
    return chatbot.model_copy(update={"spec": spec})


def restored(said: Object, content: Object) -> Object:
    """A spec as it is written, with a release's content in place of its own."""
    whole = {**content, **{name: value for name, value in said.items() if name in NOT_OF_A_RELEASE}}
    for part, others in BESIDE.items():
        beside = {name: value for name, value in said.get(part, {}).items() if name in others}
        whole |= {part: {**content.get(part, {}), **beside}} if beside else {}
    return whole


def _said(spec: ChatbotDeploymentSpec) -> Object:
    said: Object = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    return said
