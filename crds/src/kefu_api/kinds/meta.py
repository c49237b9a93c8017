"""What the kinds have in common: metadata, references and conditions."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from kefu_api.kinds.part import Part
from kefu_api.kinds.types import LabelKey, LabelValue, Name, ObjectName, SecretKey, Subdomain

_UNREAD = {
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
    "generateName",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
}
"""Fields of `metav1.ObjectMeta` that Kefu has no use for."""


class Metadata(Part):
    """The part of `metadata` that Kefu reads; the API server owns the rest."""

    name: ObjectName
    """Name of the object."""
    namespace: Name = "default"
    """The tenant it belongs to."""
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    """For selection."""
    annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """For everything else."""
    uid: str = ""
    """Set by the API server."""
    generation: int = 0
    """Counts the versions of the spec; set by the API server."""
    deletion_timestamp: str | None = None
    """When deletion was asked for; set by the API server."""

    @model_validator(mode="before")
    @classmethod
    def _leave_to_the_api_server(cls, value: Any) -> Any:
        return {k: v for k, v in value.items() if k not in _UNREAD} if isinstance(value, dict) else value


class Reference(Part):
    """A Kefu object of the same namespace, by name."""

    name: ObjectName
    """Name of the object."""


class ConfigMapReference(Part):
    """A ConfigMap of the same namespace."""

    name: Subdomain
    """Name of the ConfigMap."""


class SecretReference(Part):
    """A Secret of the same namespace; every key of it is used."""

    name: Subdomain
    """Name of the Secret."""


class SecretKeyReference(SecretReference):
    """One key of a Secret of the same namespace."""

    key: SecretKey
    """Key within the Secret."""


class Condition(Part):
    """As `metav1.Condition`."""

    type: Annotated[str, Field(max_length=316)]
    """What the condition speaks of, e.g. Ready."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    """One CamelCase word for machines."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """One sentence for people: which leaf, why, and what to do."""
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that this condition was computed from."""
    last_transition_time: Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})]
    """When the status last changed (RFC 3339)."""
