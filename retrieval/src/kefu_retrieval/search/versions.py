"""Which version is searched: the alias, followed at most a moment late, and each version made ready before it is used.

While the next one is made ready the one before answers, and it is remembered, so that going back is done at once.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from kefu_api.documents.index import LAYOUT
from kefu_retrieval.errors import IndexNotPublished, RetrievalError
from kefu_retrieval.search import calibration
from kefu_retrieval.search.calibration import Calibration
from kefu_retrieval.search.lexicon import SAMPLE, Lexicon
from kefu_retrieval.search.vocabulary import Vocabulary
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.store.view import Layer, View

FRESH = 0.5
"""Seconds for which the alias is not read again: a flip is noticed within that, and a busy service asks twice a second."""
LEARNT = 30.0
"""Seconds after which a version is asked again what its confidence means: a judgement by other questions may have learnt it anew."""
FAILED = 0.5
"""Seconds for which a failure to read the alias is repeated to callers without asking again."""

Background = Callable[[Callable[[], None]], object]
"""Runs something on another thread."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Version:
    """A published version, loaded and ready to search."""

    collection: str
    manifest: Manifest
    lexicon: Lexicon
    layers: tuple[Layer, ...]
    """What it brings itself, then what it takes from its base."""
    calibration: Calibration | None = None
    """What its confidence means; None: what the formula says."""


class Versions:
    """Follows one alias; safe to call from several threads, of which one at a time asks the store."""

    def __init__(
        self,
        store: Store,
        alias: str,
        clock: Callable[[], float] = time.monotonic,
        vocabulary: Vocabulary | None = None,
        background: Background | None = None,
    ) -> None:
        """`background`: where the next version is made ready; None: callers wait for it."""
        self._store = store
        self._background = background
        self._vocabulary = vocabulary
        self._alias = alias
        self._clock = clock
        self._lock = threading.Lock()
        self._version: Version | None = None
        self._former: Version | None = None
        self._coming: str | None = None
        """Collection of the version that is being made ready."""
        self._read_at = -math.inf
        self._learnt_at = -math.inf
        self._failure: RetrievalError | None = None
        self._failed_at = -math.inf

    def current(self) -> Version:
        """The published version.

        Raises:
            IndexNotPublished: the alias points at nothing.
            StoreUnreachable: the store does not say where it points.
        """
        with self._lock:
            if version := self.fresh():
                return version
            if self._failure is not None and self._clock() - self._failed_at < FAILED:
                raise self._failure
            try:
                version = self._take(self._read(self._version))
            except RetrievalError as error:
                self._failure, self._failed_at = error, self._clock()
                raise
            self._failure = None
            self._read_at = self._clock()
            return version

    def fresh(self) -> Version | None:
        """The published version where it was read a moment ago; never waits."""
        version = self._version
        return version if version is not None and self._clock() - self._read_at < FRESH else None

    def late(self) -> Version | None:
        """The version that was published when the alias was last read, where that is too long ago to rely on; never waits."""
        return None if self.fresh() else self._version

    def forget(self, version: Version) -> None:
        """Read the alias again, and make the version ready again, at the next call: `version` could not be searched."""
        with self._lock:
            if self._version is version:
                self._version = None

    def _read(self, known: Version | None) -> Version:
        collection = self._published()
        if collection is None:
            raise IndexNotPublished(f"nothing is published as {self._alias} yet")
        if self._coming != collection:
            self._coming = None  # the alias has left what is being made ready
        if known is not None and known.collection == collection:
            return self._as_learnt(known)
        if self._former is not None and self._former.collection == collection:
            return self._as_learnt(self._former, anew=True)
        if known is None or self._background is None:
            return self._ready(collection)
        if self._coming is None:
            self._coming = collection
            self._background(lambda: self._come(collection))
        return known

    def _come(self, collection: str) -> None:
        """Make the next version ready and search it from now on; where that fails, it is tried again when the alias is read."""
        version = None
        try:
            version = self._ready(collection)
        except RetrievalError as error:
            log.warning("going on with the version before", extra={"collection": collection, "error": str(error)})
        finally:
            with self._lock:
                if self._coming == collection:
                    self._coming = None
                    if version:
                        self._take(version)

    def _take(self, version: Version) -> Version:
        if self._version and version.collection != self._version.collection:
            self._former = self._version
        self._version = version
        return version

    def _ready(self, collection: str) -> Version:
        manifest = self._store.manifest(collection)
        if manifest is None:
            raise IndexNotPublished(self._unknown(collection))
        if manifest.layout != LAYOUT:
            raise IndexNotPublished(f"{collection} was built by another version of Kefu; it is being built anew")
        view = View.of(self._store, manifest)
        view.load()
        lexicon = Lexicon(view.probes(SAMPLE), self._vocabulary)
        log.info(
            "searching a version",
            extra={"version": manifest.version, "chunks": manifest.chunks, "keyword_leg": manifest.sparse},
        )
        return self._as_learnt(Version(collection, manifest, lexicon, view.layers), anew=True)

    def _as_learnt(self, version: Version, *, anew: bool = False) -> Version:
        """With its calibration as it is now; it is the same version, unless that has changed."""
        if not anew and self._clock() - self._learnt_at < LEARNT:
            return version
        found = calibration.read(self._store.calibration(version.collection))
        self._learnt_at = self._clock()
        return version if found == version.calibration else replace(version, calibration=found)

    def _published(self) -> str | None:
        """The collection that is to be searched."""
        return self._store.published(self._alias)

    def _unknown(self, collection: str) -> str:
        return f"{self._alias} points at {collection}, which Kefu did not make"


class OneVersion(Versions):
    """Stays with one collection, published or not: to judge a version before anybody sees it, or to answer a release from it."""

    def __init__(
        self, store: Store, collection: str, vocabulary: Vocabulary | None = None, *, plain: bool = False
    ) -> None:
        """`plain`: confidences are the formula's, whatever was learnt, to learn it anew."""
        super().__init__(store, alias=collection, vocabulary=vocabulary)
        self._plain = plain

    def _published(self) -> str | None:
        return self._alias

    def _unknown(self, collection: str) -> str:
        return f"{collection} is not in the store, or not any more"

    def _as_learnt(self, version: Version, *, anew: bool = False) -> Version:
        return version if self._plain else super()._as_learnt(version, anew=anew)
