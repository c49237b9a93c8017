"""From a version's passages to its facts, without a model: records, tables, `key: value` lines, headings and fixed phrases.

Two passes. The first finds what is sold, with attributes and names. The second, which knows all names and classes, reads what
fits what, and which passages speak of which classes.
"""

from collections.abc import Iterable

from kefu_retrieval.graph import kinds
from kefu_retrieval.graph.declared import Declared
from kefu_retrieval.graph.facts import Facts
from kefu_retrieval.graph.products import Products
from kefu_retrieval.graph.records import records
from kefu_retrieval.graph.relations import Relations
from kefu_retrieval.search.vocabulary import Vocabulary
from kefu_retrieval.store.rows import Payload


def extract(passages: Iterable[Payload], vocabulary: Vocabulary, declared: Declared | None = None) -> Facts:
    """The facts of passages, each given once."""
    chosen = declared or Declared()
    facts = Facts()
    products = Products(facts, chosen)
    others: list[Payload] = []
    for payload in passages:
        found = list(records(payload, chosen)) if chosen.sells(payload.document) else []
        for record in found:
            products.add(record)
        if not found:
            others.append(payload)
    kinds.settle(facts)
    relations = Relations(facts, vocabulary)
    for product, cell, fits in products.lists:
        relations.listed(product, cell, fits)
    for product, text in products.prose:
        relations.said(product, text)
    _rename(facts)
    for payload in others:
        relations.speaks(payload)
    return facts


def _rename(facts: Facts) -> None:
    """An accessory is not called by what it fits: X200 手机壳 is no X200."""
    fitted = {(each.product, each.target) for each in facts.fits}
    facts.called = {each for each in facts.called if (each.product, each.model) not in fitted}
