"""Printing versions, differences and scores."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kefu_api.base import Model
from kefu_api.documents.index import CalibrationReport, Difference
from kefu_api.kinds.knowledge.versions import KnownVersion, QuestionChanges
from kefu_api.wire.versions import EvaluateResponse, VersionDiff
from kefu_operator.cli.knowledge.draft.drafting import Tally
from kefu_operator.cli.knowledge.place import IndexView
from kefu_operator.cli.output import Output

STYLES = {"Published": "green", "Kept": "dim", "Refused": "red", "Candidate": "yellow"}
SHOWN = 20
"""Documents of one kind that are named."""


def versions(view: IndexView, output: Output) -> None:
    """A table of an index's versions."""
    pinned = f", pinned to {view.pinned}" if view.pinned else ""
    output.print(output.paint(f"KnowledgeIndex/{view.name}{pinned}", "bold"))
    for held in view.versions:
        output.print(output.paint(_line(held), STYLES[held.state]))
        for gate in held.failed_gates:
            output.print(f"    below a gate: {gate}")
        if held.questions and (held.questions.lost or held.questions.gained):
            _questions(held.questions, output)
    if view.trouble:
        output.print(output.paint(view.trouble, "red"))


def as_value(view: IndexView) -> dict[str, Any]:
    """The same for `--output json`."""
    return {
        "name": view.name,
        "published": view.published,
        "pinned": view.pinned,
        "trouble": view.trouble or None,
        "versions": [held.model_dump(mode="json", by_alias=True, exclude_none=True) for held in view.versions],
    }


def diff(found: VersionDiff, questions: QuestionChanges | None, output: Output) -> None:
    """Names of documents, counts of chunks, questions lost and gained."""
    output.print(output.paint(f"{found.before} → {found.after}", "bold"))
    output.print(f"documents {_counts(found.documents)}, chunks {_counts(found.chunks)}")
    _names("+", "green", found.added, found.documents.added, output)
    _names("~", "yellow", found.changed, found.documents.changed, output)
    _names("-", "red", found.removed, found.documents.removed, output)
    if questions:
        _questions(questions, output)


def evaluation(found: EvaluateResponse, output: Output) -> None:
    """Scores, and every question that is not as it should be."""
    output.print(output.paint(found.version, "bold"))
    for name, value in _figures(found.scores):
        output.print(f"  {name:<12}{value:.3f}")
    if found.calibration_error is not None:
        output.print(f"  confidence  {_confidence(found.calibration, found.calibration_error)}")
    wrong = [result for result in found.questions if not result.right]
    output.print(f"{len(found.questions) - len(wrong)} of {len(found.questions)} questions right")
    for result in wrong:
        where = f"evidence at {result.rank}" if result.rank else "no evidence among the first ten"
        why = where if result.expected else "answerable, and should not be"
        output.print(output.paint(f"  {result.id}  {result.question}  ({why})", "red"))


def _confidence(learnt: CalibrationReport | None, error: float) -> str:
    """What it means, and how far it lies from what came true."""
    here = f"{error:.3f} on these questions"
    if learnt is None:
        return f"by the formula, error {here}"
    return (
        f"learnt from {learnt.questions} questions, error {here} "
        f"(the formula's {learnt.before:.3f}, unseen questions' {learnt.after:.3f})"
    )


def drafting(tally: Tally, of: int, output: Output) -> None:
    """One line a passage."""
    output.print(output.paint(f"{tally.passages} of {of} passages, {tally.kept} questions kept", "dim"))


def drafted(tally: Tally, file: Path, output: Output) -> None:
    """What came of it, and what to do next."""
    answerable = tally.kept - tally.unanswerable
    output.print(f"{answerable} answerable and {tally.unanswerable} unanswerable questions are new in {file}")
    output.print(
        f"{tally.marked} of them are marked with `check`; dropped were {tally.repeated} repeated questions and "
        f"{tally.answered_after_all} that the index answers though they should have no answer"
    )
    output.print("edit the file, then let spec.evaluation.questions name a ConfigMap with it")


def _line(held: KnownVersion) -> str:
    parts = [f"  {held.version}", f"{held.state:<9}", held.built, f"{held.documents} documents, {held.chunks} chunks"]
    if held.changes:
        parts.append(f"documents {_counts(held.changes.documents)} against {held.changes.against}")
    if held.scores:
        figures = held.scores.model_dump(by_alias=True, exclude_none=True, exclude={"questions"})
        parts.append(" ".join(f"{name} {value}" for name, value in figures.items()))
    if held.calibration:
        parts.append(f"confidence learnt, error {held.calibration.error_after}")
    return "  ".join(parts)


def _counts(difference: Difference | Model) -> str:
    counts = difference.model_dump()
    return f"+{counts['added']} ~{counts['changed']} -{counts['removed']}"


def _names(mark: str, style: str, names: Sequence[str], total: int, output: Output) -> None:
    for name in names[:SHOWN]:
        output.print(output.paint(f"  {mark} {name}", style))
    if total > min(SHOWN, len(names)):
        output.print(f"  {mark} and {total - min(SHOWN, len(names))} more (all names: --output json)")


def _questions(questions: QuestionChanges, output: Output) -> None:
    for mark, style, count, names in (
        ("lost", "red", questions.lost, questions.lost_questions),
        ("gained", "green", questions.gained, questions.gained_questions),
    ):
        if count:
            output.print(
                output.paint(f"    {count} questions {mark} against {questions.against}: {', '.join(names)}", style)
            )


def _figures(scores: Model) -> list[tuple[str, float]]:
    told = scores.model_dump(by_alias=True, exclude_none=True, exclude={"questions"})
    return list(told.items())
