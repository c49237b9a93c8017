"""What an index says of its products, beside what any shop's columns say by themselves."""

from dataclasses import dataclass

from kefu_retrieval.graph import words
from kefu_retrieval.graph.phrases import phrase


@dataclass(frozen=True)
class Declared:
    """Sources, columns and bounds."""

    sources: tuple[str, ...] = ()
    """Sources that hold products; empty: all."""
    category: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    """Columns that hold the class, and what a product fits, beside those whose names say so."""
    most: int = 20_000
    """Products; those beyond are left out."""

    def sells(self, document: str) -> bool:
        """Whether products may stand in this document."""
        return not self.sources or document.split("/", 1)[0] in self.sources

    def key(self, column: str) -> str:
        """The attribute that a column holds."""
        for key, named in ((words.CATEGORY, self.category), (words.FITS, self.fits)):
            if phrase(column) in map(phrase, named):
                return key
        return words.key_of(column)
