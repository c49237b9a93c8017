"""What a version says, as the graph holds it: nodes, and relations that each name the chunk that says so."""

from dataclasses import dataclass, field
from typing import Literal

from kefu_retrieval.graph.phrases import phrase
from kefu_retrieval.graph.values import Value

ANY = "*"
"""The class of everything: what fits all models fits it."""
WORD = 24
"""Characters of the longest value that is one of a kind, such as a colour or a material."""


@dataclass(frozen=True)
class Product:
    """Something that is sold: a record, a page, or the row of a table."""

    id: str
    """The document's name; of a table's row with ` › ` and the row's name behind it."""
    name: str
    chunk: str
    whole: bool
    """Whether the chunk speaks of this product alone."""


@dataclass(frozen=True)
class IsA:
    """A product's class."""

    product: str
    of: str


@dataclass(frozen=True)
class Under:
    """A class that is a kind of another: 入耳式耳机 of 耳机."""

    narrow: str
    wide: str


@dataclass(frozen=True)
class Called:
    """A phrase that names a product: its title, its number, its title without brand and class."""

    product: str
    model: str


@dataclass(frozen=True)
class Has:
    """An attribute of a product."""

    product: str
    key: str
    value: Value
    chunk: str

    @property
    def word(self) -> str:
        """The value as a phrase, where it is one of a kind (a colour, a material); empty for numbers, flags and sentences."""
        value = self.value
        return phrase(value.text) if value.low is None and value.flag is None and len(value.text) <= WORD else ""


@dataclass(frozen=True)
class Fits:
    """What a product fits, or is said not to fit."""

    product: str
    kind: Literal["Model", "Class"]
    target: str
    fits: bool
    chunk: str


@dataclass(frozen=True)
class Applies:
    """A passage that says something of a class."""

    chunk: str
    of: str
    says: str
    """The title, row or sentence that names the class."""


@dataclass(frozen=True)
class About:
    """A passage's topic: a concept of the vocabulary."""

    chunk: str
    topic: str


@dataclass
class Facts:
    """All of a version's; nothing here is in any promised order."""

    products: dict[str, Product] = field(default_factory=dict)
    classes: dict[str, set[str]] = field(default_factory=dict)
    """Class → the ways to name it."""
    is_a: set[IsA] = field(default_factory=set)
    under: set[Under] = field(default_factory=set)
    called: set[Called] = field(default_factory=set)
    has: list[Has] = field(default_factory=list)
    fits: set[Fits] = field(default_factory=set)
    policies: dict[str, str] = field(default_factory=dict)
    """Chunk of a passage that is no product's → its title."""
    applies: set[Applies] = field(default_factory=set)
    about: set[About] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    """Key of an attribute that only this version knows → how a column wrote it."""
    left_out: int = 0
    """Products beyond the bound."""
