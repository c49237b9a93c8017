"""Receipts of answers: which release gave which, signed, so that every replica believes it and none has to remember."""

import hashlib
import hmac
import re
from typing import NamedTuple

_FORM = re.compile(r"([A-Za-z0-9]{1,32})\.([a-z0-9-]{1,63})\.([0-9a-f]{32})")


class Receipt(NamedTuple):
    """Of one answer."""

    turn: str
    release: str


class Receipts:
    """Writes and reads receipts; a receipt of one API key is none for another."""

    def __init__(self, salt: bytes) -> None:
        """`salt`: the same in all replicas."""
        self._salt = salt

    def write(self, receipt: Receipt, owner: str) -> str:
        """The text that a client keeps; `owner` is the name of its API key."""
        return f"{receipt.turn}.{receipt.release}.{self._sign(receipt, owner)}"

    def read(self, text: str, owner: str) -> Receipt | None:
        """The receipt; None where it is not one of ours, or another's."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        receipt = Receipt(found[1], found[2])
        return receipt if hmac.compare_digest(self._sign(receipt, owner), found[3]) else None

    def _sign(self, receipt: Receipt, owner: str) -> str:
        said = f"receipt\n{receipt.turn}\n{receipt.release}\n{owner}"
        return hmac.digest(self._salt, said.encode(), hashlib.sha256).hex()[:32]
