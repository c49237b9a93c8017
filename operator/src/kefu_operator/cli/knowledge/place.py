"""Where an index lives, as the commands see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from kefu_api.kinds.knowledge.versions import KnownVersion
from kefu_api.wire.search import Problem
from kefu_operator.cli.errors import AskFailed, NotFound
from kefu_operator.cli.knowledge.engine import Engine


@dataclass(frozen=True)
class IndexView:
    """One index and its versions."""

    name: str
    published: str | None
    versions: tuple[KnownVersion, ...]
    """Newest first."""
    pinned: str | None
    trouble: str
    """Why it is not as it should be; empty where it is."""

    def version(self, name: str) -> KnownVersion:
        """One of its versions.

        Raises:
            NotFound: it has none of that name.
        """
        found = next((held for held in self.versions if held.version == name), None)
        if found is None:
            held = ", ".join(each.version for each in self.versions) or "none"
            raise NotFound(f"KnowledgeIndex {self.name} holds no version {name} (it holds: {held})")
        return found


class Place(Protocol):
    """A cluster's namespace, or a local instance."""

    def indexes(self) -> Mapping[str, IndexView]:
        """All indexes, by name."""

    def pin(self, index: str, version: str | None) -> None:
        """Set `spec.publishing.version`, or take it away."""

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        """GET, or with a body POST, a path of the index's retrieval service."""

    def engine(self, index: str) -> Engine:
        """The engine of a chatbot that uses the index."""

    def questions(self, index: str) -> Mapping[str, str]:
        """The golden questions that the spec names, by file name."""


def known_versions(listed: object) -> tuple[KnownVersion, ...]:
    """Versions as status and state folder hold them; those of another Kefu, that we cannot read, are left out."""
    found = []
    for each in listed if isinstance(listed, list | tuple) else ():
        try:
            found.append(KnownVersion.model_validate(each))
        except ValidationError:
            continue
    return tuple(found)


def problem(body: bytes, status: int) -> AskFailed:
    """What a retrieval service refuses with."""
    try:
        told = Problem.model_validate_json(body)
    except ValidationError:
        return AskFailed(f"the retrieval service answered with HTTP {status}: is it of another version?")
    return AskFailed(f"{told.message} ({told.code})")


def chosen(place: Place, name: str | None) -> IndexView:
    """The named index, or the only one.

    Raises:
        NotFound: there is none of that name, or several to choose from.
    """
    found = place.indexes()
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    names = ", ".join(sorted(found)) or "none"
    if name is None:
        raise NotFound(f"name a KnowledgeIndex (there is: {names})")
    if name not in found:
        raise NotFound(f"there is no KnowledgeIndex {name} (there is: {names})")
    return found[name]
