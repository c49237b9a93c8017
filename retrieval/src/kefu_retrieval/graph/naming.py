"""Names of products: with and without their class, as shops write them in titles."""

import re
from collections.abc import Iterator, Sequence

from kefu_retrieval.graph import values, words
from kefu_retrieval.graph.phrases import phrase, plain

_LATIN = re.compile(r"[a-z][a-z0-9+-]*(?: [a-z0-9+-]+)*")


def class_in(name: str) -> str | None:
    """The class that a name ends in, or the last that it holds: 库果 C65 充电器, C65 charger (black)."""
    found = words.known_classes().find(name)
    return found[-1].meanings[0] if found else None


def without_class(name: str, between: str = "") -> str:
    """A name without the classes in it, in its `plain` form."""
    written = plain(name)
    for mention in reversed(words.known_classes().find(written)):
        written = f"{written[: mention.start]}{between}{written[mention.end :]}"
    return written.strip()


def bare(name: str, brands: Sequence[str]) -> Iterator[str]:
    """A title without class and brand, and the Latin name in it: `X200` of 库果 X200 智能手机."""
    left = plain(without_class(name, " "))
    for brand in brands:
        left = left.replace(plain(brand), " ")
    for part in (" ".join(left.split()), *(match.group() for match in _LATIN.finditer(left))):
        if any(map(str.isdigit, part)) and not part.isdigit() and not _is_quantity(part):
            yield part


def is_name(name: str) -> bool:
    """Whether it can name one product: no class, and neither empty nor Chinese alone without a figure."""
    model = phrase(name)
    telling = any(letter.isdigit() or letter.isascii() for letter in model)
    return telling and not words.known_classes().exactly(name)


def _is_quantity(text: str) -> bool:
    return any(found.unit for found in values.quantities(text))
