"""Reading the document of releases, so that a bad one is refused with a sentence and never replaces a good one."""

import json
from pathlib import Path

from pydantic import ValidationError

from kefu_api.documents.release import Release
from kefu_api.documents.variants import FILE, Variants, only
from kefu_serving.errors import ConfigurationError

MAX_DOCUMENT = 1_048_576
"""Largest document, in bytes: the size of a ConfigMap."""


def file_of(path: Path) -> Path:
    """The document itself, given it or the mounted folder that holds it."""
    return path if path.suffix == ".json" else path / FILE


def read(path: Path) -> Variants:
    """The releases at `path`; raises ConfigurationError naming the file, the field and the reason.

    A lone release (`v1`), as operators wrote it before there were variants, serves everybody.
    """
    file = file_of(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_DOCUMENT:
        raise ConfigurationError(f"{file} is larger than {MAX_DOCUMENT} bytes; is it a release document?")
    try:
        if _is_lone(content):
            return only(Release.model_validate_json(content))
        return Variants.model_validate_json(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in error.errors()[:3])
        raise ConfigurationError(f"{file} is not a release document: {faults}") from error


def _is_lone(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("schemaVersion") == "v1"
