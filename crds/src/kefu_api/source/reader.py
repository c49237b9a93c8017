"""Text to documents: events of the YAML parser, put together under bounds so that no file can exhaust memory or stack."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from kefu_api.errors import ManifestError
from kefu_api.source.document import Document, Path
from kefu_api.source.scalar import resolve

MAX_BYTES = 4 * 1024 * 1024
"""Largest file: several times the largest object that the API server takes (about 1.5 MiB)."""
MAX_DEPTH = 64
"""Deepest nesting; the kinds need about ten."""
MAX_NODES = 50_000
"""Most values in one file, counted after aliases are put in place ("billion laughs")."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"
_MAPPING = "tag:yaml.org,2002:map"
_SEQUENCE = "tag:yaml.org,2002:seq"
_MERGE = "<<"


def parse(text: str, file: str = "") -> list[Document]:
    """Every object in the text, those inside a `kind: List` included; empty documents are left out.

    Raises:
        ManifestError: not YAML, a field given twice, something that JSON cannot carry, or a bound exceeded.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise ManifestError(f"{file}: larger than {MAX_BYTES // 1024**2} MiB: split the file")
    try:
        return list(_Reader(file).documents(yaml.parse(text, Loader=_LOADER)))
    except yaml.YAMLError as error:
        raise ManifestError(_sentence(error, file)) from error


@dataclass
class _Tree:
    """A value, the lines of all values in it, and how many they are."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict)
    size: int = 1
    merges: bool = False
    """Whether it is an unquoted `<<`."""


@dataclass
class _Open:
    """A collection whose end has not come yet."""

    line: int
    is_mapping: bool
    anchor: str | None
    children: list[_Tree] = field(default_factory=list)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._anchors: dict[str, _Tree] = {}
        self._stack: list[_Open] = []
        self._nodes = 0

    def documents(self, stream: Iterable[Any]) -> Iterator[Document]:
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                self._anchors = {}
                root = None
            tree = self._take(event)
            if tree is not None and self._stack:
                self._stack[-1].children.append(tree)
            elif tree is not None:
                root = tree
            if isinstance(event, events.DocumentEndEvent) and root is not None and root.value is not None:
                yield from self._objects(root)

    def _take(self, event: Any) -> _Tree | None:
        """The tree that this event completes, if any."""
        if isinstance(event, events.ScalarEvent):
            return self._keep(event.anchor, self._scalar(event))
        if isinstance(event, events.AliasEvent):
            return self._alias(event)
        if isinstance(event, events.MappingStartEvent | events.SequenceStartEvent):
            if len(self._stack) >= MAX_DEPTH:
                raise self._error(event, f"nested deeper than {MAX_DEPTH} levels: flatten it")
            is_mapping = isinstance(event, events.MappingStartEvent)
            self._check_tag(event, (_MAPPING if is_mapping else _SEQUENCE))
            self._stack.append(_Open(_line(event), is_mapping, event.anchor))
        if isinstance(event, events.MappingEndEvent | events.SequenceEndEvent):
            opened = self._stack.pop()
            return self._keep(opened.anchor, self._mapping(opened) if opened.is_mapping else _sequence(opened))
        return None

    def _keep(self, anchor: str | None, tree: _Tree) -> _Tree:
        self._count(1, tree.lines[()])
        if anchor is not None:
            self._anchors[anchor] = tree
        return tree

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise ManifestError(
                f"{self._file}:{line}: more than {MAX_NODES} values, aliases put in place: split the file or write it out"
            )

    def _alias(self, event: Any) -> _Tree:
        if event.anchor not in self._anchors:
            raise self._error(event, f"alias *{event.anchor} has no anchor before it: write &{event.anchor} first")
        tree = self._anchors[event.anchor]
        self._count(tree.size, _line(event))
        return _Tree(tree.value, {**tree.lines, (): _line(event)}, tree.size)

    def _scalar(self, event: Any) -> _Tree:
        lines: dict[Path, int] = {(): _line(event)}
        self._check_tag(event, _TEXT)
        if event.tag is not None or event.style in ("'", '"', "|", ">"):
            return _Tree(event.value, lines)
        try:
            return _Tree(resolve(event.value), lines, merges=event.value == _MERGE)
        except ValueError as error:
            raise self._error(event, str(error)) from error

    def _mapping(self, opened: _Open) -> _Tree:
        tree = _Tree({}, {(): opened.line}, 1)
        merged: list[_Tree] = []
        for key, value in zip(opened.children[::2], opened.children[1::2], strict=True):
            if key.merges:
                merged.append(value)
                continue
            name = self._key(key)
            if name in tree.value:
                first = tree.lines[name,]
                raise ManifestError(
                    f"{self._file}:{key.lines[()]}: field {name!r} is given twice (first in line {first}): remove one"
                )
            _attach(tree, name, value)
            tree.lines[name,] = key.lines[()]
        for value in merged:
            self._merge(tree, value)
        return tree

    def _merge(self, tree: _Tree, value: _Tree) -> None:
        """Add the fields of the merged mappings that the mapping does not have itself; earlier ones win."""
        sources = value.value if isinstance(value.value, list) else [value.value]
        for source in sources:
            if not isinstance(source, dict):
                raise ManifestError(f"{self._file}:{value.lines[()]}: << merges mappings only: give it an alias of one")
            for name, item in source.items():
                if name not in tree.value:
                    _attach(tree, name, _Tree(item, {(): value.lines[()]}))
        tree.size += value.size

    def _key(self, key: _Tree) -> str:
        if isinstance(key.value, bool):
            return "true" if key.value else "false"
        if isinstance(key.value, str | int | float):
            return str(key.value)
        raise ManifestError(f"{self._file}:{key.lines[()]}: a field's name must be text: put it in quotes")

    def _objects(self, root: _Tree) -> Iterator[Document]:
        line = root.lines[()]
        if not isinstance(root.value, dict):
            raise ManifestError(f"{self._file}:{line}: an object starts with apiVersion and kind, this is none")
        document = Document(root.value, self._file, root.lines)
        if root.value.get("kind") != "List" or not isinstance(root.value.get("items"), list):
            yield document
            return
        for position, item in enumerate(root.value["items"]):
            if not isinstance(item, dict):
                raise ManifestError(
                    f"{self._file}:{document.line(('items', position))}: a List holds objects, this is none"
                )
            yield document.part(("items", position))

    def _check_tag(self, event: Any, allowed: str) -> None:
        if event.tag not in (None, "!", allowed):
            raise self._error(event, f"tag {event.tag} is not supported: write the plain value")

    def _error(self, event: Any, message: str) -> ManifestError:
        return ManifestError(f"{self._file}:{_line(event)}: {message}")


def _sequence(opened: _Open) -> _Tree:
    tree = _Tree([], {(): opened.line}, 1)
    for position, child in enumerate(opened.children):
        tree.value.append(None)
        _attach(tree, position, child)
    return tree


def _attach(tree: _Tree, step: str | int, child: _Tree) -> None:
    tree.value[step] = child.value
    tree.size += child.size
    for path, line in child.lines.items():
        tree.lines[(step, *path)] = line


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _sentence(error: yaml.YAMLError, file: str) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"{file}: not YAML: {' '.join(str(error).split())}"
    mark = error.problem_mark or error.context_mark
    place = f"{file}:{mark.line + 1}" if mark else file
    return f"{place}: not YAML: {', '.join(part for part in (error.context, error.problem) if part)}"
