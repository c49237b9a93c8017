"""The knowledge graph of an index: products, what they have and fit, and the policies of their classes."""

from typing import Annotated, ClassVar

from pydantic import Field

from kefu_api.kinds.knowledge.source import ColumnName
from kefu_api.kinds.rules import Ruled, unique
from kefu_api.kinds.shape import SET
from kefu_api.kinds.types import Name

Named = Annotated[tuple[ColumnName, ...], Field(max_length=8, json_schema_extra=SET)]


class GraphColumns(Ruled):
    """Columns of product tables, or keys of product pages, beside those whose names say what they hold."""

    RULES: ClassVar = (
        unique("category", remedy="remove the double from graph.columns.category"),
        unique("fits", remedy="remove the double from graph.columns.fits"),
    )

    category: Named = ()
    """What holds a product's class; known without: category, type, 品类, 分类 and the like, and tags."""
    fits: Named = ()
    """What lists the models that a product fits; known without: compatible with, 适用机型, 兼容 and the like."""


class Graph(Ruled):
    """A graph read from each version's own passages, for questions such as "which of these chargers fits the X200"."""

    RULES: ClassVar = (unique("sources", remedy="remove the double from graph.sources"),)

    enabled: bool = False
    """Whether searches ask it. A change is followed; nothing is built anew."""
    sources: Annotated[tuple[Name, ...], Field(max_length=32, json_schema_extra=SET)] = ()
    """The sources that hold products; empty: all. Policies are read from every source."""
    columns: GraphColumns = GraphColumns()
    """What the shop's own column names mean."""
    max_products: Annotated[int, Field(ge=1, le=50_000)] = 20_000
    """How many products are read at most; 10,000 take the retrieval service about 150 MiB."""
