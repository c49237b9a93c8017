"""The versions of one index in the store: which are whole, which is published, which may go."""

import logging
from collections.abc import Collection, Sequence

from kefu_api.documents.index import HeldVersion
from kefu_retrieval.errors import CollectionGone, VersionGone
from kefu_retrieval.store.protocol import Store
from kefu_retrieval.store.rows import Manifest
from kefu_retrieval.store.view import View

log = logging.getLogger(__name__)


class Archive:
    """All versions of one alias. Blocking, as the store is."""

    def __init__(self, store: Store, alias: str) -> None:
        self._store = store
        self._alias = alias

    def collection(self, version: str) -> str:
        """Milvus collection of a version."""
        return f"{self._alias}_{version}"

    def published(self) -> Manifest | None:
        """The version that readers search.

        Raises:
            RetrievalError: the store does not say.
        """
        collection = self._store.published(self._alias)
        return self._store.manifest(collection) if collection else None

    def held(self) -> tuple[HeldVersion, ...]:
        """Every whole version, newest first.

        Raises:
            RetrievalError: the store does not say.
        """
        return tuple(
            _held(manifest) for manifest in reversed(self._store.collections(self._alias)) if self.whole(manifest)
        )

    def whole(self, manifest: Manifest) -> bool:
        """Whether the version holds every row that it was meant to, and so does its base."""
        try:
            return View.of(self._store, manifest).whole()
        except CollectionGone:
            return False

    def find(self, version: str) -> Manifest:
        """A whole version.

        Raises:
            VersionGone: it is not there, or only half.
        """
        manifest = self._store.manifest(self.collection(version))
        # Another index's name may continue ours, and so may the names of its collections.
        if manifest is None or manifest.alias != self._alias or not self.whole(manifest):
            known = ", ".join(held.version for held in self.held()) or "none"
            raise VersionGone(f"version {version} is not in the store any more, or not whole; the store holds: {known}")
        return manifest

    def publish(self, version: str) -> Manifest:
        """Let readers search this version from their next look at the alias on.

        Raises:
            VersionGone: it is not there, or only half; the alias stays where it was.
        """
        manifest = self.find(version)
        self._store.publish(self._alias, self.collection(version))
        log.info("published", extra={"version": version, "chunks": manifest.chunks})
        return manifest

    def tidy(self, keep: int, protected: Collection[str], first: Collection[str] = ()) -> None:
        """Drop versions until `keep` are left: those in `first` first, then the oldest.

        Never the published one, nor the protected ones, nor one that another which stays is built on: that costs nothing more.
        """
        held = self._store.collections(self._alias)
        published = self._store.published(self._alias)
        safe = {version for version in protected if version} | {
            m.version for m in held if self.collection(m.version) == published
        }
        others = sorted((m.version for m in held if m.version not in safe), key=lambda version: version not in first)
        going = set(_beyond(others, keep - sum(m.version in safe for m in held)))
        going -= {m.base for m in held if m.version not in going}
        for manifest in sorted((m for m in held if m.version in going), key=lambda m: m.base is None):
            log.info("dropping an old version", extra={"version": manifest.version})
            self._store.drop(self.collection(manifest.version))


def _beyond(oldest_first: Sequence[str], room: int) -> Sequence[str]:
    return oldest_first[: max(0, len(oldest_first) - max(0, room))]


def _held(manifest: Manifest) -> HeldVersion:
    return HeldVersion(
        version=manifest.version, documents=manifest.documents, chunks=manifest.chunks, created=manifest.created
    )
