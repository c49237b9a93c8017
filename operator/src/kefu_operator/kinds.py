"""Kinds of others that Kefu uses where they are: which of them the API server has right now. A plain value.

`discovery` keeps it up to date; decisions are made by it, so that an absent kind leads to a fallback and never to an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kefu_operator.resources import Resource


@dataclass(frozen=True)
class Kinds:
    """What is served."""

    served: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Of each group and version that was asked for and is there: the plural names of its resources."""

    def has(self, resource: Resource) -> bool:
        """Whether objects of that kind can be read and written."""
        return resource.plural in self.names(resource.api_version)

    def names(self, api_version: str) -> frozenset[str]:
        """The resources of a group and version; none where it is absent."""
        return self.served.get(api_version, frozenset())

    def without(self, resource: Resource) -> "Kinds":
        """As if that kind were not served."""
        names = self.names(resource.api_version) - {resource.plural}
        return Kinds({**self.served, resource.api_version: names})

    @classmethod
    def of(cls, *resources: Resource) -> "Kinds":
        """Where just these are served."""
        versions = {resource.api_version for resource in resources}
        return cls({
            version: frozenset(each.plural for each in resources if each.api_version == version) for version in versions
        })  # fmt: skip
