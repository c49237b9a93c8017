"""The weights that answer: where they come from, how large they are, and the LoRA adapters on top of them."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.bucket import BucketServer
from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.rules import Rule, Ruled, unique_names
from kefu_api.kinds.shape import BY_NAME, Shape
from kefu_api.kinds.types import ModelUri, Name, Revision, Sha256, Size

_SNAPSHOT = re.compile(r"^(pvc://.*|oci://.*|s3://.*/|hf://[^/]+/[^/]+)$")
_HUB = r"hf://[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
_LABEL = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_PATH = r"[^\p{Z}\p{Cc}?#]+"
_DOTS = re.compile(r"/[.]{1,2}(/|$)")

Weights = Annotated[
    str,
    Shape(
        "must be a number of weights such as 8.2B or 600M", (r"^[0-9]{1,4}(\.[0-9]{1,3})?[MB]$", "[1-9]"), max_length=9
    ),
]
"""How many numbers a model is made of."""

SnapshotUri = Annotated[
    str,
    Shape(
        "must be a folder of weights: hf://org/repo, s3://bucket/folder/, pvc://claim/path or file:///path",
        (rf"^({_HUB}|s3://{_LABEL}/{_PATH}/|pvc://{_LABEL}/{_PATH}|file:///{_PATH})$",),
        min_length=8,
        max_length=2048,
    ),
]


ImagePath = Annotated[
    str,
    Shape(
        "must be a path inside the image such as models/q4.gguf",
        (rf"^[^/\p{{Z}}\p{{Cc}}?#]({_PATH})?$",),
        max_length=512,
    ),
]


def _revision(remedy: str) -> Rule:
    return Rule(
        "!has(self.revision) || self.uri.startsWith('hf://')",
        lambda source: source.revision is None or source.uri.startswith("hf://"),
        f"revision belongs to hf:// models: {remedy}",
    )


def _without_dots(remedy: str) -> Rule:
    return Rule(
        "!self.uri.matches('/[.]{1,2}(/|$)')",
        lambda source: not _DOTS.search(source.uri),
        f"uri must not contain . or .. as a folder: {remedy}",
    )


class Snapshot(Ruled):
    """A folder of weights that comes beside the model's own."""

    RULES: ClassVar = (_revision("remove it"), _without_dots("write it without them"))

    uri: SnapshotUri
    """hf://org/repo, s3://bucket/folder/, pvc://claim/path, or file:///path (only with `kefu run`)."""
    revision: Revision | None = None
    """Branch, tag or commit of an hf:// repository; absent: main."""
    size: Size = "2Gi"
    """Room for the download."""


class Adapter(Snapshot):
    """A LoRA adapter of the model."""

    name: Name
    """What conditions call it; it must differ from `chat`, the model's own."""
    rank: Annotated[int, Field(ge=1, le=512)] = 16
    """Its rank, `r` in its adapter_config.json, or more."""


class ModelSource(Ruled):
    """Where the weights come from."""

    RULES: ClassVar = (
        _revision("remove model.revision"),
        Rule(
            "!has(self.tokenSecret) || self.uri.startsWith('hf://')",
            lambda model: model.token_secret is None or model.uri.startswith("hf://"),
            "tokenSecret belongs to hf:// models: remove model.tokenSecret",
        ),
        Rule(
            "!has(self.sha256) || !self.uri.matches('^(pvc://.*|oci://.*|s3://.*/|hf://[^/]+/[^/]+)$')",
            lambda model: model.sha256 is None or not _SNAPSHOT.search(model.uri),
            "sha256 belongs to a single file that is downloaded: name one in model.uri or remove model.sha256",
        ),
        _without_dots("write model.uri without them"),
        Rule(
            "!has(self.cachePerToken) || has(self.parameters)",
            lambda model: model.cache_per_token is None or model.parameters is not None,
            "cachePerToken needs parameters beside it: set model.parameters",
        ),
        Rule(
            "!has(self.path) || self.uri.startsWith('oci://')",
            lambda model: model.path is None or model.uri.startswith("oci://"),
            "path belongs to oci:// models: write it into model.uri",
        ),
        Rule(
            "!has(self.path) || !('/' + self.path).matches('/[.]{1,2}(/|$)')",
            lambda model: model.path is None or not _DOTS.search("/" + model.path),
            "path must not contain . or .. as a folder: write model.path without them",
        ),
        unique_names("adapters", remedy="rename one in model.adapters"),
        Rule(
            "self.adapters.all(adapter, adapter.name != 'chat')",
            lambda model: all(adapter.name != "chat" for adapter in model.adapters),
            "chat is the model's own name: rename the one in model.adapters",
        ),
    )

    uri: ModelUri
    """hf://org/repo or hf://org/repo/file, https://host/file, s3://bucket/file or s3://bucket/folder/, oci://registry/image:tag,
    pvc://claim/path, file:///path (only with `kefu run`)."""
    path: ImagePath | None = None
    """File or folder inside an oci:// image; absent: its root."""
    s3: BucketServer | None = None
    """The server of s3:// weights: of the model, its adapters and a draft model."""
    revision: Revision | None = None
    """Branch, tag or commit of an hf:// model; absent: main."""
    sha256: Sha256 | None = None
    """SHA-256 of a single-file model, in hex; a download that differs is refused."""
    size: Size = "40Gi"
    """Size of the volume that keeps the download."""
    token_secret: SecretKeyReference | None = None
    """Secret key that holds the hub's access token, for gated models."""
    parameters: Weights | None = None
    """How many weights it has, such as 8.2B, so that the operator can compute whether it fits; absent: what is known of the
    repository's name, and where that is unknown nothing is computed."""
    cache_per_token: Size | None = None
    """Memory that one token of context takes in 16 bits, such as 144Ki: 2 × layers × key-value heads × head size × 2 bytes."""
    adapters: Annotated[tuple[Adapter, ...], Field(max_length=8, json_schema_extra=BY_NAME)] = ()
    """LoRA adapters, loaded into the running engine; the first one answers this chatbot."""
