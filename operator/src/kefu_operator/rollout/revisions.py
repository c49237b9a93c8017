"""Releases as they are kept: each an immutable `apps/v1 ControllerRevision`, so that going back is naming an older one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kefu_api import digest
from kefu_api.kinds.chatbot import ChatbotDeployment
from kefu_operator.desired.metadata import Scope, metadata
from kefu_operator.desired.types import Object

_NAME = re.compile(r"r([1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Revision:
    """One release that is kept."""

    number: int
    content: Object
    """Fields of the spec."""
    found: Object
    """The ControllerRevision."""
    knowledge: Mapping[str, str] = field(default_factory=dict)
    """Versions that it answers from, by index; from what is published where it names none."""

    @property
    def name(self) -> str:
        """As the status names it."""
        return f"r{self.number}"


def revisions_of(found: Iterable[Object], uid: str) -> tuple[Revision, ...]:
    """The releases of the chatbot with this uid, oldest first; not those of another of its name that is gone."""
    ours = [each for each in found if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences", ()))]
    kept = [
        Revision(int(each["revision"]), content, each, (each.get("data") or {}).get("knowledge") or {})
        for each in ours
        if isinstance(content := (each.get("data") or {}).get("spec"), dict)
    ]
    return tuple(sorted(kept, key=lambda revision: revision.number))


def named(revisions: Sequence[Revision], name: str | None) -> Revision | None:
    """The release of that name."""
    return next((revision for revision in revisions if revision.name == name), None)


def same(revisions: Sequence[Revision], content: Object, knowledge: Mapping[str, str]) -> Revision | None:
    """The release with that content and those versions."""
    return next((each for each in reversed(revisions) if each.content == content and each.knowledge == knowledge), None)


def asked(revisions: Sequence[Revision], content: Object, first: Iterable[str | None]) -> Revision | None:
    """A release with that content, from whatever versions it answers: of those named, else the newest."""
    preferred = (named(revisions, name) for name in first)
    return next((each for each in (*preferred, *reversed(revisions)) if each and each.content == content), None)


def next_number(revisions: Sequence[Revision], named: Iterable[str | None]) -> int:
    """The number of a new release: higher than any that is kept, or that the status names."""
    numbers = [revision.number for revision in revisions]
    numbers += [int(match[1]) for name in named if name and (match := _NAME.fullmatch(name))]
    return max(numbers, default=0) + 1


def outdated(revisions: Sequence[Revision], needed: Iterable[str | None], limit: int) -> list[Revision]:
    """The releases beyond the limit, oldest first; none that is needed, nor the newest, whose number must not be given again."""
    wanted = set(needed)
    spare = [revision for revision in revisions[:-1] if revision.name not in wanted]
    return spare[: max(len(revisions) - limit, 0)]


def controller_revision(
    chatbot: ChatbotDeployment, content: Object, number: int, scope: Scope, knowledge: Mapping[str, str] | None = None
) -> Object:
    """The object that keeps a release. Its name holds the owner's uid, for another chatbot may come under the same name."""
    versions = {"knowledge": dict(knowledge)} if knowledge else {}
    key = digest.of_value([chatbot.metadata.uid, content, *versions.values()])[:10]
    kept: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata(scope, f"{chatbot.metadata.name}-{key}", "release"),
        "data": {"spec": content, **versions},
        "revision": number,
    }
    return kept
