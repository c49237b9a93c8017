"""The inbox of one source: verifies a push, brings it into force as a new snapshot, and remembers the answer."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from kefu_api.documents.push import Change, Holding, Pushed, PushedDocument, PushSource
from kefu_api.signing import read_secrets
from kefu_retrieval.errors import PlaceMissing, RetrievalError
from kefu_retrieval.faults import first_fault
from kefu_retrieval.places import names
from kefu_retrieval.places.gathering import Gathering
from kefu_retrieval.places.place import bring
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.push.errors import Conflict, Malformed, TooLarge, Unavailable
from kefu_retrieval.push.receipts import Receipts
from kefu_retrieval.push.signature import verify

SETTINGS = "push"
KEEP = 64
"""Snapshots on the shelf: pushes come faster than versions are built, and a build reads the one that it began with."""
RECEIPTS = "receipts.jsonl"


class Inbox:
    """One source. Pushes are taken one after the other."""

    def __init__(self, source: PushSource, volume: Path, clock: Callable[[], float]) -> None:
        """Raises OSError where the volume cannot be read."""
        self._source = source
        self._shelf = Shelf(volume / source.name, keep=KEEP)
        self._shelf.folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._receipts = Receipts(self._shelf.folder / RECEIPTS, clock)
        self._turn = asyncio.Lock()

    def holding(self) -> Holding | None:
        """What the source holds now; None before the first push."""
        found = self._shelf.current()
        return Holding(digest=found.digest, files=len(found.files), at=found.fetched_at) if found else None

    async def take(self, headers: Mapping[str, str], body: bytes) -> Pushed:
        """Bring a push into force, or answer it as before.

        Raises:
            PushRefused: with the status and the remedy; nothing has changed then.
        """
        key = verify(headers, body, self._secrets(), self._clock())
        hashed = hashlib.sha256(body).hexdigest()
        async with self._turn:
            if answered := self._receipts.answered(key, hashed):
                return answered
            answer = await self._bring(_parse(body))
            try:
                self._receipts.keep(key, hashed, answer)
            except OSError as error:
                raise Unavailable(f"the volume failed: {error.strerror}; send it again") from error
            return answer

    async def _bring(self, change: "_Pushed") -> Pushed:
        try:
            fetched = await bring(change, self._shelf, self._source.limits, SETTINGS)
        except PlaceMissing as error:
            raise Conflict("this would leave the source without a document; put another one first") from error
        except RetrievalError as error:
            raise Unavailable(f"{error}; send it again") from error
        return Pushed(digest=fetched.snapshot.digest, files=len(fetched.snapshot.files), received=fetched.received)

    def _secrets(self) -> list[bytes]:
        """Read each time: a rotated secret is valid at once."""
        try:
            return read_secrets(Path(self._source.secret_file).read_text())
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"the secret of source {self._source.name} cannot be used; its owner must mend it"
            ) from error


class _Pushed:
    """A change as a place: what was there, less what is deleted, with what is put."""

    def __init__(self, put: Mapping[str, bytes], delete: frozenset[str]) -> None:
        self._put = put
        self._delete = delete

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`.

        Raises:
            TooLarge: a document is over a limit: a push comes into force whole or not at all.
        """
        before = gathering.previous.files if gathering.previous else {}
        for name in before:
            if name not in self._delete and name not in self._put:
                gathering.keep(name)
        for name, content in self._put.items():
            held = gathering.known(name)
            same = held is not None and name in before and held.sha256 == hashlib.sha256(content).hexdigest()
            if not (same and gathering.keep(name)):
                await gathering.receive_whole(name, content)
        if gathering.refusals:
            first = gathering.refusals[0]
            raise TooLarge(f"{first.name}: {first.reason}")


def _parse(body: bytes) -> _Pushed:
    try:
        change = Change.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(first_fault(error, "body")) from error
    put: dict[str, bytes] = {}
    for number, document in enumerate(change.put):
        if reason := names.check(document.name):
            raise Malformed(f"put.{number}.name: {reason}")
        if document.name in put or document.name in change.delete:
            raise Malformed(f"put.{number}.name: {document.name!r} is named twice; name each document once")
        put[document.name] = _content(number, document)
    if not put and not change.delete:
        raise Malformed("put and delete are both empty; name a document")
    return _Pushed(put, frozenset(change.delete))


def _content(number: int, document: PushedDocument) -> bytes:
    if (document.text is None) == (document.base64 is None):
        raise Malformed(f"put.{number}: give exactly one of text and base64")
    if document.text is not None:
        return document.text.encode(errors="replace")
    try:
        return base64.b64decode(document.base64 or "", validate=True)
    except binascii.Error as error:
        raise Malformed(f"put.{number}.base64: {error}; encode the file's bytes") from error
