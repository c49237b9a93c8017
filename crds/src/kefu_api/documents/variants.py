"""The document that a gateway follows: the releases that it serves side by side, and to whom.

The operator renders it into a ConfigMap; the gateway reads it from a mounted folder and follows its changes.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kefu_api.base import Model
from kefu_api.documents.release import Release

FILE = "release.json"


class Role(StrEnum):
    """What a release is among those that are served."""

    STABLE = "stable"
    """Answers everybody whom no other variant answers."""
    CANDIDATE = "candidate"
    """Answers its share of the customers."""
    SHADOW = "shadow"
    """Is asked what its share of the customers ask, and answers nobody."""


class Variant(Model):
    """A release and its share."""

    release: Release
    role: Role
    weight: Annotated[int, Field(ge=0, le=100)]
    """Percent of the customers."""


class Variants(Model):
    """All releases of one chatbot that are served now."""

    schema_version: Literal["v2"] = "v2"
    salt: Annotated[str, Field(max_length=253)] = ""
    """Which customers are the first few percent: another salt chooses others."""
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _one_stable(self) -> Self:
        roles = [variant.role for variant in self.variants]
        if roles.count(Role.STABLE) != 1:
            raise ValueError(f"exactly one variant must be stable, got {roles.count(Role.STABLE)}")
        if sum(variant.weight for variant in self.variants if variant.role is not Role.SHADOW) != 100:
            raise ValueError("the weights of stable and candidates must make 100 together")
        if len({variant.release.name for variant in self.variants}) != len(self.variants):
            raise ValueError("a release can be one variant only")
        return self

    @property
    def stable(self) -> Release:
        """The release that answers everybody whom no other does."""
        return next(variant.release for variant in self.variants if variant.role is Role.STABLE)


def only(release: Release) -> Variants:
    """One release for everybody."""
    return Variants(variants=(Variant(release=release, role=Role.STABLE, weight=100),))
