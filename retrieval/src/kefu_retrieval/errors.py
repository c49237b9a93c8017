"""Everything that can go wrong between sources and search, told apart by who must act and whether waiting helps.

RetrievalError
├── TemporaryError            waiting or trying again may help (exit status 75)
│   ├── StoreUnreachable      the Milvus server does not answer in time
│   ├── StoreFailed           the server answers, but cannot do it now (starting, full, internal fault)
│   ├── BuildSpoilt           what several jobs build together must be begun anew by all of them (exit status 70)
│   ├── SourceChanged         the mounted sources are not those the version was named for
│   ├── SourceUnreadable      a mounted folder changed while it was read, or the file system failed
│   ├── ScratchFull           temporary files have no room left
│   ├── PlaceUnreachable      a remote source does not answer, is overloaded, or broke off
│   ├── EmbeddingUnreachable  the embedding endpoint does not answer, or is overloaded
│   └── RerankerUnreachable   the reranker does not answer, or is overloaded; the search goes on without it
└── PermanentError            only a change of input or configuration helps (exit status 65)
    ├── IndexInvalid          the index document cannot be read
    ├── SourceMissing         a source's folder does not exist
    ├── PlaceInvalid          a remote source's settings are wrong, or it answers with something else
    ├── PlaceForbidden        a remote source refuses the credentials, or wants some
    ├── PlaceMissing          a remote source does not exist: page, bucket, repository, branch, table
    ├── AddressRefused        a remote source, or a redirect of one, leads to an address that must not be asked
    ├── QuestionsInvalid      the golden questions cannot be read
    ├── VersionGone           the version that is to be published is not in the store, or not whole
    ├── NothingToIndex        no source gave a single chunk
    ├── TooMuchLost           the version would lack more of the published documents than publishing.maxLoss allows
    ├── DocumentRefused       one document cannot be read; it is left out, and the version goes on without it
    ├── EncoderMissing        the built-in encoder's file is absent or is not the model it should be
    ├── EmbeddingFailed       the embedding endpoint refuses, or its vectors are unusable
    ├── RerankerFailed        the reranker refuses, or its scores are unusable; the search goes on without it
    ├── GraphFailed           the knowledge graph of a version cannot be built or asked; the search goes on without it
    ├── EmbedderMismatch      the published version was built with another embedding
    ├── StoreRefused          Milvus answers that the request is wrong (credentials, schema, permission)
    │   └── DatabaseMissing   the store's database does not exist, and may not be made with its credentials
    └── IndexNotPublished     the alias points at nothing yet
        └── CollectionGone    the collection has been dropped or released since its alias was read
"""

from typing import ClassVar


class RetrievalError(Exception):
    """Root of the tree; `reason` is the CamelCase word that status and metrics show."""

    temporary: ClassVar[bool] = False

    @property
    def reason(self) -> str:
        """The class's name: stable, CamelCase, e.g. `StoreUnreachable`."""
        return type(self).__name__


class TemporaryError(RetrievalError):
    """Waiting or trying again may help."""

    temporary = True
    wait: float | None = None
    """Seconds for which a server asks to be left alone (Retry-After); None: it does not say."""


class PermanentError(RetrievalError):
    """Only a change of input or configuration helps."""


class StoreUnreachable(TemporaryError):
    """The Milvus server does not answer in time."""


class StoreFailed(TemporaryError):
    """The server answers, but cannot do it now: it is starting, full, or has an internal fault."""


class BuildSpoilt(TemporaryError):
    """What several jobs build together must be begun anew by all of them: to try one of them again is in vain."""


class SourceChanged(TemporaryError):
    """The mounted sources are not those the version was named for."""


class SourceUnreadable(TemporaryError):
    """A mounted folder changed while it was read, or the file system failed."""


class ScratchFull(TemporaryError):
    """Temporary files have no room left."""


class PlaceUnreachable(TemporaryError):
    """A remote source does not answer, is overloaded, or broke off."""


class EmbeddingUnreachable(TemporaryError):
    """The embedding endpoint does not answer, or is overloaded."""


class RerankerUnreachable(TemporaryError):
    """The reranker does not answer, or is overloaded; the search goes on without it."""


class IndexInvalid(PermanentError):
    """The index document cannot be read."""


class SourceMissing(PermanentError):
    """A source's folder does not exist."""


class PlaceInvalid(PermanentError):
    """A remote source's settings are wrong, or it answers with something else than it should."""


class PlaceForbidden(PermanentError):
    """A remote source refuses the credentials, or wants some."""


class PlaceMissing(PermanentError):
    """A remote source does not exist: a page, a bucket, a repository, a branch, a table."""


class AddressRefused(PermanentError):
    """A remote source, or a redirect of one, leads to an address that must not be asked."""


class QuestionsInvalid(PermanentError):
    """The golden questions cannot be read."""


class VersionGone(PermanentError):
    """The version that is to be published is not in the store, or not whole."""


class NothingToIndex(PermanentError):
    """No source gave a single chunk."""


class TooMuchLost(PermanentError):
    """The version would lack more of the published documents than publishing.maxLoss allows."""


class DocumentRefused(PermanentError):
    """One document cannot be read; the message is the reason and the remedy. It is left out, and the version goes on."""


class EncoderMissing(PermanentError):
    """The built-in encoder's file is absent or is not the model it should be."""


class EmbeddingFailed(PermanentError):
    """The embedding endpoint refuses, or its vectors are unusable."""


class RerankerFailed(PermanentError):
    """The reranker refuses, or its scores are unusable; the search goes on without it."""


class GraphFailed(PermanentError):
    """The knowledge graph of a version cannot be built or asked; the search goes on without it."""


class EmbedderMismatch(PermanentError):
    """The published version was built with another embedding than any this process holds."""


class StoreRefused(PermanentError):
    """Milvus answers that the request is wrong: credentials, schema, permission."""


class DatabaseMissing(StoreRefused):
    """The store's database does not exist, and may not be made with the credentials that were given."""


class IndexNotPublished(PermanentError):
    """The alias points at nothing yet."""


class CollectionGone(IndexNotPublished):
    """The collection has been dropped or released since its alias was read."""
