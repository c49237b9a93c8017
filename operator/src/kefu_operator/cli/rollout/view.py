"""A chatbot's releases as the commands see them, and the changes of its spec that each command stands for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kefu_api.kinds.rollout import Releases
from kefu_operator.cli.errors import NotFound
from kefu_operator.plan.content import restored

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A release that is kept."""

    name: str
    content: Json
    """Fields of the spec."""
    made: str
    """RFC 3339."""
    knowledge: Mapping[str, str] = field(default_factory=dict)
    """Versions from which it answers, by index; of others, from what is published."""


@dataclass(frozen=True)
class ChatbotView:
    """One chatbot and its releases."""

    name: str
    version: str
    """Resource version of the object."""
    spec: Json
    releases: Releases
    released: Json
    """The condition; empty before the first look."""
    kept: tuple[Kept, ...]
    """Oldest first."""

    @property
    def on_its_way(self) -> str | None:
        """The release that a decision would be about: the candidate, or the one that was rejected."""
        rejected = self.releases.rejected
        return self.releases.candidate or (rejected.release if rejected else None)

    def release(self, name: str) -> Kept:
        """One of its releases.

        Raises:
            NotFound: none of that name is kept.
        """
        found = next((kept for kept in self.kept if kept.name == name), None)
        if found is None:
            raise NotFound(f"{self.name} keeps no release {name} (it keeps: {_names(self.kept)})")
        return found


def paused(view: ChatbotView, wanted: bool) -> Json:
    """The spec with its rollout held, or let go.

    Raises:
        NotFound: no rollout is declared, so there is nothing to hold.
    """
    return {**view.spec, "rollout": {**_rollout(view), "paused": wanted}}


def decided(view: ChatbotView, verdict: str) -> Json:
    """The spec with a decision about the release on its way.

    Raises:
        NotFound: no rollout is declared, or no release is on its way.
    """
    rollout, release = _rollout(view), view.on_its_way
    if release is None:
        raise NotFound(f"{view.name}: release {view.releases.stable} serves all customers, and no other is on its way")
    return {**view.spec, "rollout": {**rollout, "decision": _decision(view, release, verdict)}}


def retried(view: ChatbotView) -> Json:
    """The spec with the decision that a rejected release is tried once more.

    Raises:
        NotFound: no rollout is declared, or nothing was rolled back or aborted.
    """
    if view.releases.rejected is None:
        raise NotFound(f"{view.name}: no release was rolled back or aborted")
    return decided(view, "Retry")


def undone(view: ChatbotView, to: str | None, *, gradually: bool) -> tuple[Json, str]:
    """The spec with an earlier release in place of its own, and that release's name.

    By default the stable release where another is on its way, else the newest before the stable one.

    Raises:
        NotFound: no such release is kept, or it is the spec's already and differs in its knowledge alone.
    """
    release = view.release(to) if to else _before(view)
    spec = restored(dict(view.spec), dict(release.content))
    if spec == view.spec and release.knowledge and release.name != view.releases.stable:
        index, version = next(iter(release.knowledge.items()))
        raise NotFound(
            f"release {release.name} has the spec as it is, and differs in its knowledge alone: "
            f"kefu knowledge rollback {index} --to {version}, then kefu rollout promote {view.name}"
        )
    if "rollout" in spec and not gradually:
        spec["rollout"] = {**spec["rollout"], "decision": _decision(view, release.name, "Promote")}
    return spec, release.name


def _decision(view: ChatbotView, release: str, verdict: str) -> Json:
    """The decision, which is none that was carried out already."""
    carried = view.releases.decided
    if carried and (carried.release, carried.verdict) == (release, verdict):
        return {"release": release, "verdict": verdict, "attempt": carried.attempt + 1}
    return {"release": release, "verdict": verdict}


def _before(view: ChatbotView) -> Kept:
    stable = view.releases.stable
    if view.on_its_way and stable:
        return view.release(stable)
    names = [kept.name for kept in view.kept]
    place = names.index(stable) if stable in names else len(names)
    if place == 0:
        raise NotFound(f"{view.name} keeps no release from before {stable} (it keeps: {_names(view.kept)})")
    return view.kept[place - 1]


def _rollout(view: ChatbotView) -> Json:
    rollout: Json | None = view.spec.get("rollout")
    if rollout is None:
        raise NotFound(
            f"{view.name} declares no spec.rollout, so each release serves at once: add it, or `rollout: {{}}`"
        )
    return rollout


def _names(kept: Sequence[Kept]) -> str:
    return ", ".join(each.name for each in kept) or "none"
