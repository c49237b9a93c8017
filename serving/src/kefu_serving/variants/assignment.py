"""Who belongs to whose share: a hash puts every customer at one fixed place between 0 and 100.

A candidate's share begins at 0 and grows with its weight, so that raising the weight moves customers to the candidate and
none back. Nothing is remembered, so all replicas agree.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

from kefu_api.documents.variants import Role, Variant
from kefu_serving.turn.state import Asked

PLACES = 10_000
"""Places for which a percent is divided: shares are exact to a hundredth of a percent."""

T = TypeVar("T")


def who(asked: Asked, salt: bytes) -> str:
    """Whom the turn belongs to, as a salted hash: the user, else the conversation.

    A client that keeps the conversation itself names neither; its first question then stands for it.
    """
    if asked.user:
        known = f"user {asked.user}"
    elif asked.session:
        known = f"session {asked.session}"
    else:
        known = f"question {asked.owner} {asked.history[0].question if asked.history else asked.message}"
    return hmac.digest(salt, known.encode(errors="surrogatepass"), hashlib.sha256).hex()


def place(person: str, salt: str) -> float:
    """Where a customer stands, from 0 to below 100."""
    digest = hashlib.sha256(f"{salt}\n{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * PLACES // 2**64 / 100


def choose(variants: Sequence[tuple[Variant, T]], at: float) -> tuple[Variant, T]:
    """The variant that answers whoever stands there; `variants` hold one that is stable."""
    begin = 0
    for variant, held in variants:
        if variant.role is Role.CANDIDATE:
            if begin <= at < begin + variant.weight:
                return variant, held
            begin += variant.weight
    return next(pair for pair in variants if pair[0].role is Role.STABLE)


def shadows(variants: Sequence[tuple[Variant, T]], at: float) -> list[tuple[Variant, T]]:
    """The variants that are asked the same without answering."""
    return [pair for pair in variants if pair[0].role is Role.SHADOW and at < pair[0].weight]
