"""What the API server refused of an engine, for the chatbots that share it to tell."""

from kefu_operator.apply import Refusals


class RefusalBoard:
    """In memory only: after a restart the next reconcile of the engines posts it anew."""

    def __init__(self) -> None:
        self._posted: dict[tuple[str, str], Refusals] = {}

    def post(self, namespace: str, engine: str, refusals: Refusals) -> None:
        """Replace what is known of an engine."""
        if refusals:
            self._posted[namespace, engine] = refusals
        else:
            self._posted.pop((namespace, engine), None)

    def read(self, namespace: str, engine: str) -> Refusals:
        """What is known of an engine."""
        return self._posted.get((namespace, engine), ())
