"""How a hand-off lies in Redis: its case and what was said earlier as JSON, each message as a small JSON list."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from kefu_api.wire.handoff import HandoffCase, HandoffDetail, HandoffMessage, Speaker
from kefu_serving.errors import SessionStoreAway

_BESIDE = {"open", "messages", "earlier"}

M = TypeVar("M", bound=BaseModel)


class Held(NamedTuple):
    """A hand-off, as it was read."""

    open: bool
    said: int
    """Number of the newest message."""
    begun: int
    """Number of the last one before the conversation was handed over."""
    case: str
    earlier: str
    messages: tuple[HandoffMessage, ...]

    def detail(self) -> HandoffDetail:
        """With what was said since this hand-over, not since an earlier one. Raises SessionStoreAway."""
        messages = [
            message.model_dump(mode="json", by_alias=True) for message in self.messages if message.number > self.begun
        ]
        values = {**_loaded(self.case), "open": self.open, "earlier": _loaded(self.earlier), "messages": messages}
        return _parsed(HandoffDetail, values)


def held(found: Sequence[Any]) -> Held:
    """What the script READ gives. Raises SessionStoreAway."""
    state, said, begun, case, earlier, first, entries = found
    messages = []
    for number, entry in enumerate(entries, start=int(first) + 1):
        speaker, words, at = _loaded(entry)
        messages.append(_parsed(HandoffMessage, {"number": number, "speaker": speaker, "text": words, "at": at}))
    return Held(state == b"open", int(said), int(begun), text(case), text(earlier), tuple(messages))


def case_of(found: bytes) -> HandoffCase:
    """The case alone. Raises SessionStoreAway."""
    return _parsed(HandoffCase, _loaded(found))


def written(detail: HandoffDetail) -> tuple[str, str]:
    """Case and what was said earlier."""
    case = detail.model_dump_json(by_alias=True, exclude=_BESIDE)
    earlier = [said.model_dump(mode="json", by_alias=True) for said in detail.earlier]
    return case, json.dumps(earlier, ensure_ascii=False)


def entry(speaker: Speaker, words: str, at: str) -> str:
    """A message, whose number is its place."""
    return json.dumps([speaker.value, words, at], ensure_ascii=False)


def rfc3339(seconds: float) -> str:
    """A time as the wire has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(found: bytes | str) -> str:
    """What Redis gave, as text."""
    return found.decode() if isinstance(found, bytes) else found


def _loaded(found: bytes | str) -> Any:
    try:
        return json.loads(found)
    except ValueError as error:
        raise SessionStoreAway("the session store holds something that is not a hand-off") from error


def _parsed(model: type[M], values: dict[str, Any]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SessionStoreAway("the session store holds something that is not a hand-off") from error
