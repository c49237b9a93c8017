"""From which versions of the knowledge a release answers, where releases come by steps: a new version is a new release, too.

Without `spec.rollout` a release names none, and all customers are answered from what each index has published.
"""

from collections.abc import Mapping, Sequence

from kefu_api.kinds.knowledge.index import KnowledgeIndexStatus
from kefu_operator.desired.types import Object
from kefu_operator.rollout.decision import Decided
from kefu_operator.rollout.revisions import Revision, named
from kefu_operator.rollout.state import State

Versions = Mapping[str, str]
"""By index."""
Standing = Mapping[str, KnowledgeIndexStatus]
"""What each index says of itself; without those that say nothing yet."""


def wanted(
    content: Object, state: State, revisions: Sequence[Revision], standing: Standing, said: Decided | None
) -> Versions:
    """The versions of the release that a spec asks for now.

    What is published while a release is on its way waits for the end of that, or an index that changes every hour would begin
    each rollout anew for ever. Nor does it bring back a spec that was rejected.
    """
    stable, candidate = named(revisions, state.stable), named(revisions, state.candidate)
    rejected = named(revisions, state.rejected.release) if state.rejected else None
    promotes = said.release if said and said.verdict == "Promote" and said.release != state.stable else None
    promoted = named(revisions, promotes)
    for release in (promoted, candidate):
        if release and release.content == content and are_held(release.knowledge, standing):
            return release.knowledge
    settled = stable is not None and stable.content == content
    if rejected and rejected.content == content and not settled:
        return rejected.knowledge
    published = {index: told.published.version for index, told in standing.items() if told.published}
    # An index that has nothing to say now may have been deleted, to be made again.
    return {**(stable.knowledge if stable and settled else {}), **published}


def are_held(versions: Versions, standing: Standing) -> bool:
    """Whether the store can still hold all of them: what an index does not tell of is taken to be there."""
    return all(_is_held(version, standing.get(index)) for index, version in versions.items())


def only_names(before: Revision | None, after: Revision) -> bool:
    """Whether a release only says from which versions it answers, where the one before answers from what is published."""
    if before is None or before.content != after.content or before.knowledge == after.knowledge:
        return False
    return all(after.knowledge.get(index) == version for index, version in before.knowledge.items())


def _is_held(version: str, told: KnowledgeIndexStatus | None) -> bool:
    if told is None or not told.versions:
        return True
    return any(each.version == version for each in told.versions)
