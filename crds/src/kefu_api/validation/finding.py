"""A finding: one thing that is wrong or suspicious, the place, and the remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kefu_api.source.document import Document, Path

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """An error is what the API server would refuse; a warning is what would be accepted and not work as it stands."""

    file: str
    kind: str
    name: str
    field: str
    """For example `spec.sources[0].name`; empty where it is about the whole object."""
    message: str
    """Says what is wrong and what to do; with the field before it, it is a sentence."""
    severity: Severity = "error"
    line: int = 0
    """Counted from 1; 0 where it is not known."""

    def __str__(self) -> str:
        """As compilers print it: place, object, field, message."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        thing = "/".join(part for part in (self.kind, self.name) if part)
        return ": ".join(part for part in (place, self.severity, thing, self.field, self.message) if part)


def finding(document: Mapping[str, Any], path: Path, message: str, severity: Severity = "error") -> Finding:
    """A finding about the value at a path of the document."""
    known = document if isinstance(document, Document) else Document(document)
    return Finding(
        file=known.file,
        kind=text_at(document, "kind"),
        name=name_of(document),
        field=dotted(path),
        message=message,
        severity=severity,
        line=known.line(path),
    )


def dotted(path: Path) -> str:
    """`("spec", "sources", 0, "name")` as `spec.sources[0].name`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def text_at(document: Mapping[str, Any], *path: str) -> str:
    """The text at a path; empty where there is none."""
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def name_of(document: Mapping[str, Any]) -> str:
    """`metadata.name`; empty where there is none."""
    return text_at(document, "metadata", "name")


def namespace_of(document: Mapping[str, Any]) -> str:
    """`metadata.namespace`; `default` where there is none."""
    return text_at(document, "metadata", "namespace") or "default"
