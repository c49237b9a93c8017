"""How releases are shown."""

from typing import Any

from kefu_api.kinds.rollout import Releases
from kefu_operator.cli.output import Output
from kefu_operator.cli.rollout.view import ChatbotView

_STYLES = {"Pass": "green", "Fail": "red", "Inconclusive": "yellow"}


def status(view: ChatbotView, output: Output) -> None:
    """Who serves whom, and what was measured."""
    releases = view.releases
    output.print(f"{output.paint(view.name, 'bold')}: stable {releases.stable or 'none yet'}")
    if releases.candidate:
        failures = f", {releases.failures} failed" if releases.failures else ""
        output.print(
            f"  candidate {releases.candidate}: {releases.phase}, {releases.weight} %, step {releases.step} "
            f"since {releases.since}{failures}"
        )
    if releases.rejected:
        output.print(f"  {output.paint(releases.rejected.reason, 'red')} {releases.rejected.release}")
    for each in releases.measurements:
        output.print(f"  {output.paint(each.verdict, _STYLES[each.verdict])}: {each.message}")
    if view.released:
        output.print(output.paint(f"  {view.released['reason']}: {view.released.get('message', '')}", "dim"))


def history(view: ChatbotView, output: Output) -> None:
    """Every release that is kept, newest first, and what it changed in the one before."""
    before: dict[str, Any] = {}
    versions: dict[str, str] = {}
    lines = []
    for kept in view.kept:
        names = sorted(name for name in {*kept.content, *before} if kept.content.get(name) != before.get(name))
        names += [f"{index}={name}" for index, name in kept.knowledge.items() if versions.get(index) != name]
        lines.append(f"{kept.name:<6}{kept.made:<22}{_part(kept.name, view.releases):<12}{', '.join(names)}")
        before, versions = dict(kept.content), dict(kept.knowledge)
    output.print(f"{'NAME':<6}{'MADE':<22}{'PART':<12}CHANGES")
    for line in reversed(lines):
        output.print(line)


def as_value(view: ChatbotView) -> dict[str, Any]:
    """For machines."""
    return {
        "name": view.name,
        **view.releases.model_dump(mode="json", by_alias=True, exclude_none=True),
        "kept": [
            {"release": kept.name, "made": kept.made, "spec": kept.content, "knowledge": dict(kept.knowledge)}
            for kept in view.kept
        ],
    }


def _part(name: str, releases: Releases) -> str:
    if name == releases.stable:
        return "stable"
    if name == releases.candidate:
        return "candidate"
    return "rejected" if releases.rejected and name == releases.rejected.release else ""
