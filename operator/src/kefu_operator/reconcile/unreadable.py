"""A spec that this operator cannot read is told in the conditions; all else that the status remembers stays."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from kefu_api.kinds.meta import Condition
from kefu_operator.desired.types import Object
from kefu_operator.gather.unreadable import Unreadable
from kefu_operator.reconcile.tell import stamp, tell
from kefu_operator.status.conditions import conditions
from kefu_operator.status.invalid import unreadable
from kefu_operator.write import Writer

_CONDITIONS = TypeAdapter(tuple[Condition, ...])


async def tell_unreadable(writer: Writer, facts: Unreadable, parts: Iterable[str], now: datetime) -> None:
    """Say what cannot be read.

    Args:
        writer: writes.
        facts: what cannot be read.
        parts: the conditions behind Ready, each of which it holds up.
        now: the current time.

    Raises:
        ApiError: the API server refused or did not answer.
    """
    found = facts.found
    status, generation = found.get("status") or {}, found["metadata"]["generation"]
    before = _conditions(status)
    after = conditions({part: [unreadable(facts.error)] for part in parts}, before, generation, stamp(now))
    told = {
        **status,
        "observedGeneration": generation,
        "conditions": _CONDITIONS.dump_python(after, mode="json", by_alias=True, exclude_none=True),
    }
    await tell(writer, found, told, before, after, now)


def _conditions(status: Object) -> tuple[Condition, ...]:
    try:
        return _CONDITIONS.validate_python(status.get("conditions") or ())
    except ValidationError:
        # Another version wrote them too.
        return ()
