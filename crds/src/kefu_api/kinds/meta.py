"""What the kinds have in common: metadata, references and conditions."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from kefu_api.base import Model
from kefu_api.kinds.types import Name, SecretKey


class Metadata(Model):
    """The part of `metadata` that Kefu reads; the API server owns the rest."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    name: Name
    namespace: Name = "default"
    uid: str = ""
    generation: int = 0
    deletion_timestamp: str | None = None


class Reference(Model):
    """An object of the same namespace, by name."""

    name: Name
    """Name of the object."""


class ConfigMapReference(Model):
    """A ConfigMap of the same namespace."""

    name: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    """Name of the ConfigMap."""


class SecretReference(Model):
    """A Secret of the same namespace; every key of it is used."""

    name: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    """Name of the Secret."""


class SecretKeyReference(SecretReference):
    """One key of a Secret of the same namespace."""

    key: SecretKey
    """Key within the Secret."""


class Condition(Model):
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
    last_transition_time: str
    """When the status last changed (RFC 3339)."""
