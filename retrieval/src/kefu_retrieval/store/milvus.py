"""The Milvus store: Milvus Lite's server, Milvus standalone, or a cluster, behind one client."""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pymilvus import MilvusClient  # type: ignore[import-untyped]
from pymilvus.exceptions import MilvusException  # type: ignore[import-untyped]

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.embeddings.protocol import Vectors
from kefu_retrieval.errors import CollectionGone, DatabaseMissing, StoreFailed, StoreRefused, StoreUnreachable
from kefu_retrieval.lately import Lately
from kefu_retrieval.store import batches, milvus_notes, milvus_schema
from kefu_retrieval.store.milvus_errors import ALIAS_NOT_FOUND, NOT_FOUND, translated
from kefu_retrieval.store.protocol import Capabilities
from kefu_retrieval.store.rows import ChunkRef, Found, Manifest, Payload, Row

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs what it raises, with stack traces

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOKUP_BATCH = 200
PAYLOAD_BATCH = 1_000
READ_BATCH = 10_000
"""Rows of one answer where all rows are read, about (hashes lie evenly, to some hundred): no range comes near MAX_QUERY."""
MAX_QUERY = 16_000
"""Rows one Milvus query may give (16,384, less some margin)."""
KEPT_ROWS = 8_192
"""Of searches; a passage has about two."""
_GRPC_OPTIONS = {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.keepalive_time_ms": 300_000,
    "grpc.keepalive_permit_without_calls": 0,
}
"""gRPC's own default waits up to two minutes before it tries a server again that came back; and pymilvus's pings every ten
seconds make Milvus Lite close the connection ("too_many_pings")."""


class MilvusStore:
    """One connection, made when first needed and made anew after the server was away."""

    def __init__(
        self, target: StoreTarget, *, timeout: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`timeout`: seconds any one call may take."""
        self._target = target
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._client: MilvusClient | None = None
        self._token = ""
        self._capabilities: Capabilities | None = None
        self._rows: Lately[tuple[str, str], Payload] = Lately(KEPT_ROWS)
        """By collection and row."""
        self._batch = batches.FIRST

    def capabilities(self) -> Capabilities:
        """Keyword search needs Milvus 2.5 or Milvus Lite 3."""
        if self._capabilities is None:
            version = self._call(
                "asking for the server's version", lambda c: c.get_server_version(timeout=self._timeout)
            )
            self._capabilities = Capabilities(sparse=has_sparse(str(version)))
        return self._capabilities

    def create(self, collection: str, manifest: Manifest) -> None:
        """Make an empty collection with its indexes, and load it."""
        properties = {milvus_schema.MANIFEST: manifest.model_dump_json()}
        schema, indexes = milvus_schema.schema(manifest), milvus_schema.indexes(manifest)
        self._call(f"creating {collection}", partial(self._create, collection, schema, indexes, properties))

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add rows in batches that the server takes in a moment."""
        manifest, rest = self._manifest_of(collection), list(rows)
        while rest:
            records = [milvus_schema.record(row, manifest.sparse) for row in rest[: self._batch]]
            del rest[: self._batch]
            began = self._clock()
            self._call(f"inserting into {collection}", partial(self._insert, collection, records))
            if rest:
                # The last few say little about how many would take how long.
                self._batch = batches.next_size(len(records), self._clock() - began)

    def seal(self, collection: str) -> None:
        """Flush, load, and wait until readers see every row at the consistency that they read with."""
        self._call(f"flushing {collection}", lambda c: c.flush(collection, timeout=self._timeout))
        self.load(collection)
        held = self.count(collection)
        deadline = self._clock() + self._timeout
        while self._count(collection, self._target.consistency) != held:
            if self._clock() > deadline:
                raise StoreFailed(f"{collection}: not every row became visible within {self._timeout:.0f} s")
            time.sleep(0.1)

    def manifest(self, collection: str) -> Manifest | None:
        """From the collection's property; both Milvus Lite and Milvus keep it over a restart."""
        text = self._property(collection, milvus_schema.MANIFEST)
        try:
            return milvus_schema.manifest(text) if text else None
        except ValueError:
            return None

    def count(self, collection: str) -> int:
        """Rows it holds, read with strong consistency."""
        return self._count(collection, "Strong")

    def drop(self, collection: str) -> None:
        """Remove the collection, and what is kept beside it."""
        for name in (milvus_notes.name(collection), collection):
            with suppress(CollectionGone):
                self._call(f"dropping {name}", partial(self._drop, name))
        self._rows = Lately(KEPT_ROWS)

    def collections(self, alias: str) -> list[Manifest]:
        """Every collection whose manifest names `alias`, oldest first."""
        names = self._call("listing collections", lambda c: c.list_collections(timeout=self._timeout))
        versions = (name for name in names if name.startswith(f"{alias}_") and not milvus_notes.is_name(name))
        manifests = map(self.manifest, versions)
        found = [manifest for manifest in manifests if manifest is not None and manifest.alias == alias]
        return sorted(found, key=lambda manifest: manifest.created)

    def publish(self, alias: str, collection: str) -> None:
        """Make or move the alias; Milvus moves it at once."""
        if self.published(alias) is None:
            self._call(f"making alias {alias}", lambda c: c.create_alias(collection, alias, timeout=self._timeout))
        else:
            self._call(f"moving alias {alias}", lambda c: c.alter_alias(collection, alias, timeout=self._timeout))

    def published(self, alias: str) -> str | None:
        """Where the alias points.

        Asked by describing the collection that the alias names: Milvus 2.3 looks an alias itself up in the default database
        only. A server that repeats the name it was asked for is asked for the alias itself.
        """

        def describe(client: MilvusClient) -> str | None:
            try:
                named = str(client.describe_collection(alias, timeout=self._timeout)["collection_name"])
                if named != alias:
                    return named
                return str(client.describe_alias(alias, timeout=self._timeout)["collection_name"])
            except MilvusException as error:
                if error.code in ALIAS_NOT_FOUND | NOT_FOUND:
                    return None
                raise

        return self._call(f"reading alias {alias}", describe)

    def unpublish(self, alias: str) -> None:
        """Milvus drops no collection that an alias points at."""
        if self.published(alias) is not None:
            self._call(f"removing alias {alias}", lambda c: c.drop_alias(alias, timeout=self._timeout))

    def load(self, collection: str) -> None:
        """Load it; a loaded one answers at once."""
        self._call(f"loading {collection}", lambda c: c.load_collection(collection, timeout=self._timeout))

    def vectors(self, collection: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by key, looked up in batches."""
        found: dict[str, Vectors] = {}
        for start in range(0, len(keys), LOOKUP_BATCH):
            expression = f"key in {json.dumps(list(keys[start : start + LOOKUP_BATCH]))}"
            for row in self._query(collection, expression, ["key", "vector"], MAX_QUERY):
                found[row["key"]] = np.asarray(row["vector"], dtype=np.float32)
        return found

    def dense(self, collection: str, vector: Vectors, limit: int) -> list[Found]:
        """The nearest rows by cosine."""
        hits = self._search(collection, "vector", [vector.tolist()], limit, {"ef": max(64, limit)})
        return self._found(collection, hits)

    def sparse(self, collection: str, terms: str, limit: int) -> list[Found]:
        """The best rows by BM25; Milvus Lite gives the score negated."""
        if not terms:
            return []
        hits = self._found(collection, self._search(collection, "sparse", [terms], limit, {}))
        return [Found(hit.payload, abs(hit.score)) for hit in hits if hit.score]

    def probes(self, collection: str, limit: int) -> Iterator[tuple[str, str]]:
        """Documents and probe texts of up to `limit` rows (at most 16,000)."""
        rows = self._query(collection, "", ["document", "probe"], min(limit, MAX_QUERY))
        return iter([(row["document"], row["probe"]) for row in rows])

    def chunks(self, collection: str, documents: Collection[str] | None = None) -> Iterator[ChunkRef]:
        """One a row."""
        where = "" if documents is None else f"document in {json.dumps(sorted(documents), ensure_ascii=False)}"
        rows = self._every(collection, ["document", "chunk", "content"], where=where)
        return (ChunkRef(row["document"], row["chunk"], row["content"], row["id"]) for row in rows)

    def payloads(self, collection: str, ids: Sequence[str]) -> list[Payload]:
        """Looked up in batches."""
        found: list[Payload] = []
        for start in range(0, len(ids), PAYLOAD_BATCH):
            expression = f"id in {json.dumps(list(ids[start : start + PAYLOAD_BATCH]))}"
            rows = self._query(collection, expression, milvus_schema.PAYLOAD_FIELDS, MAX_QUERY)
            found += [milvus_schema.payload(row) for row in rows]
        return found

    def ids(self, collection: str) -> Iterator[str]:
        """Ids of all rows, those included that were inserted a moment ago: a build goes on from them."""
        return (str(row["id"]) for row in self._every(collection, ["id"], "Strong"))

    def scan(self, collection: str) -> Iterator[tuple[str, Vectors]]:
        """Keys and vectors of all rows."""
        rows = self._every(collection, ["key", "vector"])
        return ((str(row["key"]), np.asarray(row["vector"], dtype=np.float32)) for row in rows)

    def remember(self, collection: str, notes: Iterable[str]) -> None:
        """In a collection of their own, made anew."""
        name = milvus_notes.name(collection)
        with suppress(CollectionGone):
            self._call(f"dropping {name}", partial(self._drop, name))
        self._call(
            f"creating {name}",
            partial(self._create, name, milvus_notes.schema(), milvus_notes.indexes(), {}),
        )
        numbered = enumerate(milvus_notes.pieces(notes))
        while batch := [milvus_notes.record(*each) for each in islice(numbered, milvus_notes.BATCH)]:
            self._call(f"inserting into {name}", partial(self._insert, name, batch))
        self._call(f"flushing {name}", lambda c: c.flush(name, timeout=self._timeout))

    def notes(self, collection: str) -> Iterator[str]:
        """Read piece by piece."""
        return milvus_notes.texts(self._pieces(milvus_notes.name(collection)))

    def calibrate(self, collection: str, text: str) -> None:
        """As a property, which is set while the collection is loaded."""
        self._call(
            f"calibrating {collection}",
            lambda c: c.alter_collection_properties(
                collection, properties={milvus_schema.CALIBRATION: text}, timeout=self._timeout
            ),
        )

    def calibration(self, collection: str) -> str:
        """The property."""
        return self._property(collection, milvus_schema.CALIBRATION)

    def close(self) -> None:
        """Close the connection."""
        self._disconnect()

    def _property(self, collection: str, name: str) -> str:
        """Empty where the collection does not exist, or has none of that name."""
        try:
            described = self._call(
                f"describing {collection}", lambda c: c.describe_collection(collection, timeout=self._timeout)
            )
        except CollectionGone:
            return ""
        return str((described.get("properties") or {}).get(name, ""))

    def _pieces(self, name: str) -> Iterator[str]:
        try:
            self.load(name)
        except CollectionGone:
            return
        for start in count(0, milvus_notes.BATCH):
            numbers = f"id >= {start} and id < {start + milvus_notes.BATCH}"
            rows = self._query(name, numbers, ["id", "text"], milvus_notes.BATCH)
            if not rows:
                return
            yield from (str(row["text"]) for row in sorted(rows, key=lambda row: int(row["id"])))

    def _create(
        self, collection: str, schema: Any, indexes: Any, properties: dict[str, str], client: MilvusClient
    ) -> None:
        """Step by step: pymilvus's own way waits half a second for each index, which of an empty collection is there at once."""
        client.create_collection(
            collection,
            schema=schema,
            properties=properties,
            consistency_level=self._target.consistency,
            timeout=self._timeout,
        )
        client.create_index(collection, indexes, timeout=self._timeout, sync=False)
        client.load_collection(collection, timeout=self._timeout)

    def _drop(self, collection: str, client: MilvusClient) -> None:
        client.drop_collection(collection, timeout=self._timeout)

    def _insert(self, collection: str, records: list[dict[str, Any]], client: MilvusClient) -> None:
        client.insert(collection, records, timeout=self._timeout)

    def _search(self, collection: str, field: str, data: list[Any], limit: int, params: dict[str, Any]) -> Any:
        results = self._call(
            f"searching {collection}",
            lambda c: c.search(
                collection,
                data=data,
                anns_field=field,
                limit=limit,
                search_params={"params": params},
                output_fields=milvus_schema.PAYLOAD_FIELDS,
                consistency_level=self._target.consistency,
                timeout=self._timeout,
            ),
        )
        return results[0]

    def _found(self, collection: str, hits: Any) -> list[Found]:
        """Hits as we read them. A row that is searched never changes, and to read it takes longer than all else: it is kept for a while."""
        payloads = [self._rows.get((collection, row)) for row in hits.ids]
        # pymilvus reads the fields of all hits as soon as one is looked at.
        for place, row in enumerate(hits.ids):
            if payloads[place] is None:
                read = payloads[place] = milvus_schema.payload(hits[place]["entity"])
                self._rows.put((collection, row), read)
        return [Found(each, float(score)) for each, score in zip(payloads, hits.distances, strict=True) if each]

    def _query(
        self, collection: str, expression: str, fields: list[str], limit: int, consistency: str | None = None
    ) -> list[dict[str, Any]]:
        rows = self._call(
            f"reading {collection}",
            lambda c: c.query(
                collection,
                filter=expression,
                output_fields=fields,
                limit=limit,
                consistency_level=consistency or self._target.consistency,
                timeout=self._timeout,
            ),
        )
        return list(rows)

    def _every(
        self, collection: str, fields: list[str], consistency: str | None = None, where: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Every row that `where` holds of, read by ranges of ids, which are hashes and so lie evenly: no server has to sort or to skip."""
        parts = 1 + self._manifest_of(collection).rows // READ_BATCH
        bounds = [f"{number * 16**8 // parts:08x}" for number in range(1, parts)]
        for low, high in zip(["", *bounds], [*bounds, ""], strict=True):
            limits = [where] if where else []
            limits += [f'id >= "{low}"'] if low else []
            limits += [f'id < "{high}"'] if high else []
            yield from self._query(collection, " and ".join(limits), fields, MAX_QUERY, consistency)

    def _count(self, collection: str, consistency: str) -> int:
        rows = self._call(
            f"counting {collection}",
            lambda c: c.query(
                collection,
                filter="",
                output_fields=["count(*)"],
                consistency_level=consistency,
                timeout=self._timeout,
            ),
        )
        return int(rows[0]["count(*)"]) if rows else 0

    def _manifest_of(self, collection: str) -> Manifest:
        manifest = self.manifest(collection)
        if manifest is None:
            raise CollectionGone(f"collection {collection} does not exist")
        return manifest

    def _call(self, doing: str, act: Callable[[MilvusClient], T]) -> T:
        try:
            with translated(doing):
                return act(self._connect())
        except StoreUnreachable as error:
            self._disconnect()
            if not self._target.uri.startswith("https://"):
                raise
            hint = "where it runs, see whether caSecret holds the CA of its certificate"
            raise StoreUnreachable(f"{error}; {hint}") from error
        except DatabaseMissing:
            self._make_database()
        except StoreRefused:
            if not self._token_changed():
                raise
        self._disconnect()
        with translated(doing):
            return act(self._connect())

    def _make_database(self) -> None:
        name = self._target.database
        try:
            with translated(f"making database {name}"):
                self._connect().create_database(name, timeout=self._timeout)
        except StoreRefused as error:
            raise DatabaseMissing(
                f"the store's database {name} does not exist, and these credentials may not make it ({error}); ask the"
                f" administrator of the Milvus to create it and to grant this user all privileges of collections in it"
            ) from error
        except StoreFailed:
            # Another of the index's processes was faster: Milvus 2.3 calls that an unexpected error, as it does others.
            log.info("the database could not be made", extra={"database": name})

    def _token_changed(self) -> bool:
        """Whether the mounted token is another one than we came with: it was rotated."""
        return _token(self._target.token_file) != self._token

    def _connect(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                self._token = _token(self._target.token_file)
                self._client = MilvusClient(
                    uri=self._target.uri,
                    token=self._token,
                    db_name=self._target.database or "",
                    timeout=min(self._timeout, 5.0),
                    dedicated=True,
                    grpc_options=_GRPC_OPTIONS,
                    server_pem_path=self._authorities(),
                )
            return self._client

    def _authorities(self) -> str:
        """The file of CA certificates; empty: gRPC's own."""
        file = self._target.ca_file
        if file is None:
            return ""
        if not Path(file).is_file():
            raise StoreRefused(f"the file of the store's CA certificates {file} cannot be read")
        return file

    def _disconnect(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            with translated("closing the connection"):
                client.close()


def _token(file: str | None) -> str:
    if file is None:
        return ""
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise StoreRefused(f"the store's credentials file {file} cannot be read") from error


@cache
def has_sparse(version: str) -> bool:
    """Whether a server of this version searches by BM25: Milvus Lite 3 (`milvus_lite-3.2.2`) or Milvus 2.5 (`v2.5.4`)."""
    lite = version.startswith("milvus_lite-")
    numbers = version.removeprefix("milvus_lite-").lstrip("v").split("-")[0].split(".")
    try:
        known = tuple(int(number) for number in numbers[:2])
    except ValueError:
        return False
    return known >= ((3, 0) if lite else (2, 5))
