"""Answer, say that we do not know, or say that we cannot look it up: decided from the evidence alone."""

from kefu_serving.turn.state import Evidence, Turn, Verdict


def verdict_on(evidence: Evidence | None) -> Verdict:
    """What the evidence allows; None means that the knowledge could not be looked up."""
    if evidence is None:
        return Verdict.SAY_UNAVAILABLE
    if not evidence.answerable or not evidence.hits:
        return Verdict.SAY_UNKNOWN
    return Verdict.ANSWER


class Decide:
    """Settles the verdict."""

    async def run(self, turn: Turn) -> None:
        """Sets `verdict`."""
        turn.verdict = verdict_on(turn.evidence)
