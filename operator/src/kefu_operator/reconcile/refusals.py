"""What became of an engine, for the chatbots that share it to tell: refusals, who scales it, and what its adapters lack."""

from collections.abc import Mapping

from kefu_operator.apply import Refusals
from kefu_operator.errors import Unadmitted
from kefu_operator.plan.engines.needs import Need
from kefu_operator.plan.scaler import Autoscaling
from kefu_operator.plan.sharing import units
from kefu_operator.plan.workload import Workload

REFUSED_SECONDS = 60
"""How long until what the API server refused is tried again."""
UNADMITTED_SECONDS = 10
"""The same where an admission webhook did not answer: whoever runs it may be starting it."""


def seconds_until_retry(refusals: Refusals) -> int | None:
    """When to try again what was refused; None where nothing was."""
    if not refusals:
        return None
    return UNADMITTED_SECONDS if any(isinstance(each, Unadmitted) for each in refusals) else REFUSED_SECONDS


class RefusalBoard:
    """In memory only: after a restart the next reconcile of the engines posts it anew."""

    def __init__(self) -> None:
        self._posted: dict[tuple[str, str], Refusals] = {}
        self._decided: dict[tuple[str, str], Autoscaling] = {}
        self._lacking: dict[tuple[str, str], Mapping[str, Need]] = {}

    def post(self, namespace: str, engine: str, refusals: Refusals) -> None:
        """Replace what is known of an engine's refusals."""
        if refusals:
            self._posted[namespace, engine] = refusals
        else:
            self._posted.pop((namespace, engine), None)

    def read(self, namespace: str, engine: str) -> Refusals:
        """What the API server would not let us write of an engine."""
        return self._posted.get((namespace, engine), ())

    def of_engine(self, namespace: str, engine: Workload | None) -> Refusals:
        """The same of an engine and of all that it needs: a volume that is refused keeps every engine from starting that mounts it."""
        names = (engine.name, *units(engine)) if engine else ()
        return tuple(refusal for name in names for refusal in self.read(namespace, name))

    def decide(self, namespace: str, engine: str, autoscaling: Autoscaling | None) -> None:
        """Replace what is known of who scales an engine."""
        if autoscaling:
            self._decided[namespace, engine] = autoscaling
        else:
            self._decided.pop((namespace, engine), None)

    def decided(self, namespace: str, engine: str) -> Autoscaling | None:
        """Who scales an engine; None where it has a fixed number of pods, or has not been looked at yet."""
        return self._decided.get((namespace, engine))

    def lack(self, namespace: str, engine: str, lacks: Mapping[str, Need]) -> None:
        """Replace what is known of the adapters that are left out of an engine."""
        if lacks:
            self._lacking[namespace, engine] = lacks
        else:
            self._lacking.pop((namespace, engine), None)

    def lacking(self, namespace: str, engine: str) -> Mapping[str, Need]:
        """What adapters lack that are left out of an engine, by the name that it would know each by."""
        return self._lacking.get((namespace, engine), {})
