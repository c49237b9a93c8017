"""The figures of a judgement: from what each golden question found to shares from 0 to 1.

With q over the answerable questions, and a document *right* when it is one of q's sources (or its passage holds q's answer):

- recall@k: the share of q with a right document among the first k passages. Each source is enough by itself, so this is the
  success rate; it equals recall where q names one source.
- MRR: the mean of 1 / rank of the first right passage, 0 where none is among the first ten (Voorhees, TREC-8 QA, 1999).
- nDCG@5: DCG / ideal DCG with gain 1 a right document, discount log2(1 + rank), each document counted at its first passage
  (Järvelin and Kekäläinen, TOIS 2002); the ideal has as many right documents as q names, at most five.
- answered: the share of q that the search calls answerable.
- refused: the share of the unanswerable questions that it does not.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kefu_api.documents.index import Scores

DEPTH = 10
"""Passages looked at."""


@dataclass(frozen=True)
class Finding:
    """What one golden question found in one version."""

    id: str
    expected: bool
    """Whether it is answerable."""
    answered: bool
    """Whether the search calls it so."""
    ranks: tuple[int, ...] = ()
    """Ranks from 1 of right passages among the first `DEPTH`, each document once."""
    wanted: int = 1
    """How many documents are right."""
    confidence: float = 0.0
    """Of the response."""

    @property
    def evident(self) -> bool:
        """Whether there is an answer, and its evidence among the first five."""
        return self.expected and bool(self.ranks and self.ranks[0] <= 5)

    @property
    def found(self) -> bool:
        """Whether the question counts as right: evidence among the first five, or a refusal where there is none."""
        return self.evident if self.expected else not self.answered


def scores(findings: Sequence[Finding]) -> Scores:
    """All figures, to four digits; None where no question tells."""
    known = [finding for finding in findings if finding.expected]
    unknown = [finding for finding in findings if not finding.expected]
    return Scores(
        questions=len(findings),
        recall_at1=_mean(known, lambda finding: _recall(finding, 1)),
        recall_at5=_mean(known, lambda finding: _recall(finding, 5)),
        recall_at10=_mean(known, lambda finding: _recall(finding, 10)),
        mrr=_mean(known, lambda finding: 1 / finding.ranks[0] if finding.ranks else 0.0),
        ndcg_at5=_mean(known, lambda finding: _ndcg(finding, 5)),
        answered=_mean(known, lambda finding: float(finding.answered)),
        refused=_mean(unknown, lambda finding: float(not finding.answered)),
    )


def lost_and_gained(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[list[str], list[str]]:
    """Ids of the questions that were right and are not, and of those that were not and are, in order."""
    was = {finding.id: finding.found for finding in before}
    compared = [finding for finding in after if finding.id in was]
    lost = [finding.id for finding in compared if was[finding.id] and not finding.found]
    gained = [finding.id for finding in compared if finding.found and not was[finding.id]]
    return lost, gained


def _recall(finding: Finding, depth: int) -> float:
    return float(bool(finding.ranks) and finding.ranks[0] <= depth)


def _ndcg(finding: Finding, depth: int) -> float:
    gained = sum(1 / math.log2(1 + rank) for rank in finding.ranks if rank <= depth)
    ideal = sum(1 / math.log2(1 + rank) for rank in range(1, min(finding.wanted, depth) + 1))
    return min(1.0, gained / ideal) if ideal else 0.0


def _mean(findings: Sequence[Finding], value: Callable[[Finding], float]) -> float | None:
    return round(sum(map(value, findings)) / len(findings), 4) if findings else None
