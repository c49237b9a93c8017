"""Receipts: what was answered to each push, so that trying again changes nothing, even after a restart."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from kefu_api.documents.push import Pushed
from kefu_retrieval.push.errors import Conflict

KEEP_SECONDS = 24 * 3600
"""Much longer than a signature is valid."""
REWRITE_AFTER = 2_000
"""Lines after which the file is written anew without those that are too old."""


@dataclass(frozen=True)
class Receipt:
    """One push that came into force."""

    body: str
    """SHA-256 of its body."""
    answer: Pushed
    at: float


class Receipts:
    """Those of one source, kept in a file."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._held: dict[str, Receipt] = {}
        self._lines = 0
        self._read()

    def answered(self, key: str, body: str) -> Pushed | None:
        """What was answered to this push before; None where it is new.

        Raises:
            Conflict: the same id came with another body.
        """
        held = self._held.get(key)
        if held is None or self._old(held):
            return None
        if held.body != body:
            raise Conflict("this webhook-id was used for another body; give each change an id of its own")
        return held.answer

    def keep(self, key: str, body: str, answer: Pushed) -> None:
        """Remember an answer. Raises OSError where the volume fails."""
        receipt = Receipt(body, answer, self._clock())
        self._held[key] = receipt
        if self._lines >= REWRITE_AFTER and self._lines >= 2 * len(self._held):
            self._rewrite()
            return
        with self._file.open("a") as out:
            out.write(_line(key, receipt))
            out.flush()
            os.fsync(out.fileno())
        self._lines += 1
        if self._lines % REWRITE_AFTER == 0:
            self._held = {known: each for known, each in self._held.items() if not self._old(each)}

    def _old(self, receipt: Receipt) -> bool:
        return self._clock() - receipt.at > KEEP_SECONDS

    def _read(self) -> None:
        with suppress(FileNotFoundError):
            for line in self._file.read_text(errors="replace").splitlines():
                self._lines += 1
                # A line that a kill cut off is a push that was never answered.
                with suppress(ValueError, KeyError, TypeError, ValidationError):
                    told = json.loads(line)
                    self._held[told["key"]] = Receipt(
                        told["body"], Pushed.model_validate(told["answer"]), float(told["at"])
                    )

    def _rewrite(self) -> None:
        self._held = {key: each for key, each in self._held.items() if not self._old(each)}
        partial = self._file.with_name(f".{self._file.name}")
        with partial.open("w") as out:
            out.writelines(_line(key, each) for key, each in self._held.items())
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self._file)
        self._lines = len(self._held)


def _line(key: str, receipt: Receipt) -> str:
    told = {"key": key, "body": receipt.body, "at": receipt.at, "answer": receipt.answer.model_dump(by_alias=True)}
    return json.dumps(told, separators=(",", ":")) + "\n"
