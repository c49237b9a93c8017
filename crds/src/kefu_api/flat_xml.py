"""Small XML documents of strangers, read as a flat stream of elements: no DTD, no entities, bounded depth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 32
MAX_TEXT = 8_192


class XmlInvalid(ValueError):
    """It is not XML, or XML of a kind that is refused; the text names it and the remedy."""


@dataclass
class Element:
    """One element below the root: its local name, and the texts of its children by their local names."""

    name: str
    children: dict[str, str] = field(default_factory=dict)
    text: str = ""


def read(content: bytes, what: str) -> tuple[str, list[Element]]:
    """The root's local name, and its child elements with their own children's texts; deeper ones are passed over.

    Raises:
        XmlInvalid: it is not XML, declares a DTD, or is nested more than `MAX_DEPTH` deep; `what` names it.
    """
    reader = _Reader(what)
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise XmlInvalid(f"{what} is not XML: {error}; correct the address") from error
    return reader.root, reader.found


class _Reader:
    def __init__(self, what: str) -> None:
        self.root = ""
        self.found: list[Element] = []
        self._what = what
        self._path: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, *_: object) -> None:
        raise XmlInvalid(f"{self._what} declares a DTD, which is refused; write it without")

    def _start(self, name: str, _: object) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > MAX_DEPTH:
            raise XmlInvalid(f"{self._what} is nested more than {MAX_DEPTH} deep; simplify it")
        if len(self._path) == 1:
            self.root = self._path[0]
        elif len(self._path) == 2:
            self.found.append(Element(self._path[1]))
        elif len(self._path) == 3:
            self.found[-1].children.setdefault(self._path[2], "")

    def _end(self, _: str) -> None:
        self._path.pop()

    def _characters(self, text: str) -> None:
        if len(self._path) == 2:
            self.found[-1].text = (self.found[-1].text + text)[:MAX_TEXT]
        elif len(self._path) == 3:
            children = self.found[-1].children
            children[self._path[2]] = (children[self._path[2]] + text)[:MAX_TEXT]


def texts(elements: list[Element], name: str) -> Iterator[str]:
    """The texts of the elements of this name."""
    return (element.text.strip() for element in elements if element.name == name)
