"""ConfigMaps and Secrets: their contents as pods would see them, under the API server's own rules."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kefu_api.validation.finding import Finding, finding

MAX_BYTES = 1024 * 1024
"""Largest sum of all values, as in the API server (core/v1 MaxSecretSize)."""

_KEY = re.compile(r"^[-._a-zA-Z0-9]{1,253}\Z")
_SUBDOMAIN = re.compile(r"^(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_COMMON = frozenset({"apiVersion", "kind", "metadata", "immutable", "data"})


@dataclass
class Contents:
    """What a ConfigMap or Secret holds, and what is wrong with it."""

    document: Mapping[str, Any]
    values: dict[str, bytes] = field(default_factory=dict, repr=False)
    findings: list[Finding] = field(default_factory=list)

    def complain(self, path: tuple[str | int, ...], message: str) -> None:
        """Note an error. Values are never repeated: they may be secret."""
        self.findings.append(finding(self.document, path, message))


def config_map(document: Mapping[str, Any]) -> Contents:
    """Contents of a ConfigMap: `data` as UTF-8, `binaryData` decoded."""
    contents = Contents(document)
    _check_frame(contents, {"binaryData"})
    _take(contents, "data", lambda text: text.encode())
    doubles = set(_mapping(contents.document, "data")) & set(_mapping(contents.document, "binaryData"))
    for key in sorted(doubles):
        contents.complain(("binaryData", key), "the key is in data as well: remove one")
    _take(contents, "binaryData", _decode)
    _check_size(contents)
    return contents


def secret(document: Mapping[str, Any]) -> Contents:
    """Contents of a Secret: `data` decoded, and `stringData`, which wins, as UTF-8."""
    contents = Contents(document)
    _check_frame(contents, {"stringData", "type"})
    _take(contents, "data", _decode)
    _take(contents, "stringData", lambda text: text.encode())
    _check_size(contents)
    return contents


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _check_frame(contents: Contents, more: set[str]) -> None:
    document = contents.document
    for unknown in sorted(set(document) - _COMMON - more):
        contents.complain((unknown,), f"unknown field; known are {', '.join(sorted(_COMMON | more))}")
    name = _mapping(document, "metadata").get("name")
    if not isinstance(name, str) or not _SUBDOMAIN.match(name):
        contents.complain(
            ("metadata", "name"), "must be lower-case letters, digits, inner '-' and '.' (a DNS subdomain)"
        )


def _take(contents: Contents, name: str, decode: Callable[[str], bytes]) -> None:
    values = contents.document.get(name)
    if values is None:
        return
    if not isinstance(values, Mapping):
        contents.complain((name,), "must be an object of keys and texts")
        return
    for key, value in values.items():
        if not _KEY.match(key):
            contents.complain((name, key), "the key must be letters, digits, '-', '_' and '.', at most 253: rename it")
        elif value is None:
            contents.values.setdefault(key, b"")
        elif not isinstance(value, str):
            contents.complain((name, key), "must be text: put it in quotes, or start a block of text with |")
        else:
            _store(contents, name, key, value, decode)


def _store(contents: Contents, name: str, key: str, value: str, decode: Callable[[str], bytes]) -> None:
    try:
        contents.values[key] = decode(value)
    except UnicodeEncodeError:
        contents.complain((name, key), "must be Unicode text: remove the lone surrogates")
    except (binascii.Error, ValueError):
        remedy = "write it as plain text under stringData" if name == "data" else "encode it with base64"
        contents.complain((name, key), f"must be base64: {remedy}")


def _decode(text: str) -> bytes:
    return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)


def _check_size(contents: Contents) -> None:
    size = sum(len(value) for value in contents.values.values())
    if size > MAX_BYTES:
        contents.complain(("data",), f"holds {size} bytes, more than {MAX_BYTES}: split it into several objects")
