"""Servers that somebody else runs: OpenAI-compatible ones, and Azure's."""

import re
from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.meta import SecretKeyReference
from kefu_api.kinds.part import Part
from kefu_api.kinds.rules import NO_V1, Rule, Ruled
from kefu_api.kinds.shape import ATOMIC, Shape
from kefu_api.kinds.types import HttpUrl

_DEPLOYMENT = re.compile(r"^[A-Za-z0-9._-]+\Z")

ApiVersion = Annotated[
    str,
    Shape(
        "must be a version of Azure's API such as 2024-10-21 or 2025-04-01-preview",
        (r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?$",),
        max_length=18,
    ),
]


class Azure(Part):
    """Azure OpenAI's own routes and its `api-key` header."""

    api_version: ApiVersion
    """Of the data plane, such as 2024-10-21."""


class EndpointServer(Ruled):
    """One server."""

    RULES: ClassVar = (
        NO_V1,
        Rule(
            "!has(self.azure) || has(self.apiKeySecret)",
            lambda server: server.azure is None or server.api_key_secret is not None,
            "azure wants a key: set apiKeySecret",
        ),
        Rule(
            "!has(self.azure) || self.model.matches('^[A-Za-z0-9._-]+$')",
            lambda server: server.azure is None or _DEPLOYMENT.search(server.model) is not None,
            "with azure, model is the name of a deployment: letters, digits, '.', '_' and '-'",
        ),
    )

    url: HttpUrl
    """Base URL without /v1; of Azure, without /openai."""
    model: Annotated[str, Field(min_length=1, max_length=256)]
    """Name the server knows the model by; of Azure, the deployment's."""
    api_key_secret: SecretKeyReference | None = None
    """Secret key that holds the server's key."""
    azure: Azure | None = None
    """For Azure OpenAI; absent: any OpenAI-compatible server."""


class EndpointEngine(EndpointServer):
    """A server that somebody else runs, and others to ask when it is away."""

    fallbacks: Annotated[tuple[EndpointServer, ...], Field(max_length=4, json_schema_extra=ATOMIC)] = ()
    """Asked in this order when those before cannot be reached or refuse; the answer comes from one of them alone."""
