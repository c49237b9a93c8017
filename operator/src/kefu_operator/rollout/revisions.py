"""Releases as they are kept: each an immutable `apps/v1 ControllerRevision`, so that going back is naming an older one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

    @property
    def name(self) -> str:
        """As the status names it."""
        return f"r{self.number}"


def revisions_of(found: Iterable[Object], uid: str) -> tuple[Revision, ...]:
    """The releases of the chatbot with this uid, oldest first; not those of another of its name that is gone."""
    ours = [each for each in found if any(owner["uid"] == uid for owner in each["metadata"].get("ownerReferences", ()))]
    kept = [
        Revision(int(each["revision"]), content, each)
        for each in ours
        if isinstance(content := (each.get("data") or {}).get("spec"), dict)
    ]
    return tuple(sorted(kept, key=lambda revision: revision.number))


def named(revisions: Sequence[Revision], name: str | None) -> Revision | None:
    """The release of that name."""
    return next((revision for revision in revisions if revision.name == name), None)


def same(revisions: Sequence[Revision], content: Object) -> Revision | None:
    """The release with that content."""
    return next((revision for revision in reversed(revisions) if revision.content == content), None)


def next_number(revisions: Sequence[Revision], named: Iterable[str | None]) -> int:
    """The number of a new release: higher than any that is kept, or that the status names."""
    numbers = [revision.number for revision in revisions]
    numbers += [int(match[1]) for name in named if name and (match := _NAME.fullmatch(name))]
    return max(numbers, default=0) + 1


def outdated(revisions: Sequence[Revision], needed: Iterable[str | None], limit: int) -> list[Revision]:
    """The releases beyond the limit, oldest first; none that is needed."""
    wanted = set(needed)
    spare = [revision for revision in revisions if revision.name not in wanted]
    return spare[: max(len(revisions) - limit, 0)]


def controller_revision(chatbot: ChatbotDeployment, content: Object, number: int, scope: Scope) -> Object:
    """The object that keeps a release. Its name holds the owner's uid, for another chatbot may come under the same name."""
    key = digest.of_value([chatbot.metadata.uid, content])[:10]
    kept: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata(scope, f"{chatbot.metadata.name}-{key}", "release"),
        "data": {"spec": content},
        "revision": number,
    }
    return kept
