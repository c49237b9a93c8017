"""YAML text as documents that remember their lines, read as kubectl reads it and with bounds that kubectl lacks."""

from kefu_api.source.document import Document
from kefu_api.source.reader import parse

__all__ = ["Document", "parse"]
