"""How a version is built."""

from typing import Annotated

from pydantic import Field

from kefu_api.kinds.part import Part


class Ingestion(Part):
    """How a version is built; what it holds is the same, however many build it."""

    parallelism: Annotated[int, Field(ge=1, le=64)] = 1
    """How many pods build a version together, each its share of the documents; counts from the next build on. With remote or
    pushed sources they share one node, since their volume does."""
