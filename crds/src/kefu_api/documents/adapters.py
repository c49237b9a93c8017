"""The adapters document: which LoRA adapters an engine is to have loaded, and where each comes from."""

from typing import Annotated, Literal

from pydantic import Field

from kefu_api.base import Model

FILE = "adapters.json"
"""Stands in the companion's command. Companions of earlier versions read this document too, as long as nothing else of their pods'
template changes: what they cannot read needs a file of another name.
"""


class AdapterServer(Model):
    """The S3 server of an adapter."""

    endpoint: str
    region: str
    access_key_file: str | None = None
    """Mounted files of the key pair; both or neither."""
    secret_key_file: str | None = None


class AdapterSource(Model):
    """One adapter."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """What the engine knows it by; another source has another name."""
    uri: str
    revision: str | None = None
    path: str | None = None
    """Folder where it lies already; None: it is fetched."""
    server: AdapterServer | None = None


class Adapters(Model):
    """All that an engine is to have loaded; the others are unloaded."""

    schema_version: Literal["v1"] = "v1"
    adapters: tuple[AdapterSource, ...] = ()
