"""Relations that need all names: what fits what, and which passages speak of which classes."""

from collections.abc import Iterable

from kefu_retrieval.chunks import sentences
from kefu_retrieval.graph import compatible, words
from kefu_retrieval.graph.facts import ANY, About, Applies, Facts, Fits, Product
from kefu_retrieval.graph.naming import without_class
from kefu_retrieval.graph.phrases import Phrases, phrase
from kefu_retrieval.search.vocabulary import Vocabulary
from kefu_retrieval.store.rows import Payload

CLASSES = 8
"""Classes that one passage may speak of; one that names more is a list of them."""
SENTENCE = 200
"""Tokens of a statement, and characters that are told of one."""


class Relations:
    """Adds relations to facts whose products and classes are all there."""

    def __init__(self, facts: Facts, vocabulary: Vocabulary) -> None:
        self._facts = facts
        self._vocabulary = vocabulary
        named = {**words.classes(), **facts.classes}
        self._classes = Phrases((text, name) for name, said in named.items() for text in said)
        self._models = Phrases((called.model, called.model) for called in facts.called)

    def listed(self, product: Product, cell: str, fits: bool) -> None:
        """What a column says that a product fits, or does not: names that nothing is called count too."""
        for name, holds in compatible.listed(cell):
            bare = name if self._models.exactly(name) or self._classes.exactly(name) else without_class(name) or name
            self._fits(product, bare, holds and fits, new=True)

    def said(self, product: Product, text: str) -> None:
        """What sentences say that a product fits: known names only, since 支持 and "fits" say much else."""
        for name, holds in compatible.said(text):
            self._fits(product, name, holds, new=False)

    def speaks(self, payload: Payload) -> None:
        """A passage that is no product's, and what classes and topics it speaks of."""
        above = " ".join([payload.title, *payload.headings])
        said: dict[str, str] = {}
        for text in (above, *sentences.split(payload.text, SENTENCE)):
            for mention in self._classes.find(text):
                said.setdefault(mention.meanings[0], " ".join(text.split())[:SENTENCE])
        if not said or len(said) > CLASSES:
            return
        self._facts.policies[payload.chunk] = payload.headings[-1] if payload.headings else payload.title
        for name, text in said.items():
            self._known(name)
            self._facts.applies.add(Applies(payload.chunk, name, text))
        self._facts.about |= {About(payload.chunk, topic) for topic in self._topics(f"{above} {payload.text}")}

    def _fits(self, product: Product, name: str, holds: bool, *, new: bool) -> None:
        classes, models = self._classes.exactly(name), self._models.exactly(name)
        if name == ANY or classes:
            of = ANY if name == ANY else classes[0]
            self._known(of)
            self._facts.fits.add(Fits(product.id, "Class", of, holds, product.chunk))
        elif models or (new and phrase(name)):
            self._facts.fits.add(Fits(product.id, "Model", phrase(name), holds, product.chunk))

    def _known(self, name: str) -> None:
        if name != ANY:
            self._facts.classes.setdefault(name, {name, *words.classes().get(name, ())})

    def _topics(self, text: str) -> Iterable[str]:
        return (topic for topic in self._vocabulary.concepts(text) if not words.known_classes().exactly(topic))
