"""Several objects judged together, as one `kubectl apply -f` would bring them."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from kefu_api.validation.finding import Finding, finding, name_of, namespace_of, text_at
from kefu_api.validation.objects import check_object
from kefu_api.validation.references import check_references


def check(documents: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Everything that is wrong or suspicious with these objects, in their order; empty when all is well."""
    known = list(documents)
    alone = [check_object(document) for document in known]
    right = [document for document, found in zip(known, alone, strict=True) if not found]
    return [*chain.from_iterable(alone), *_doubles(known), *check_references(right, known)]


def _doubles(documents: list[Mapping[str, Any]]) -> list[Finding]:
    seen: set[tuple[str, ...]] = set()
    found = []
    for document in documents:
        key = (text_at(document, "apiVersion"), text_at(document, "kind"), namespace_of(document), name_of(document))
        if key in seen and name_of(document):
            found.append(
                finding(document, ("metadata", "name"), "the same object is given twice: remove or rename one")
            )
        seen.add(key)
    return found
