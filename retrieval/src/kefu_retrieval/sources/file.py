"""One file of a source, as parsers take it."""

from dataclasses import dataclass

from kefu_api.documents.index import Columns


@dataclass(frozen=True)
class File:
    """A document file before it is parsed."""

    source: str
    """Name of the source."""
    name: str
    """Name of the file within it, with its ending."""
    data: bytes
    columns: Columns | None = None
    """Which columns of a table hold what, where the source says so."""

    @property
    def place(self) -> str:
        """`<source>/<file name>`: how reports name it."""
        return f"{self.source}/{self.name}"

    @property
    def stem(self) -> str:
        """The name without its folders and its ending: the title of last resort."""
        return self.name.rpartition("/")[2].rpartition(".")[0] or self.name
