"""An external Milvus that asks who one is: the store suite as a tenant, and what one tenant can see of another."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.errors import CollectionGone, DatabaseMissing, StoreRefused
from kefu_retrieval.store import milvus_schema
from kefu_retrieval.store.milvus import MilvusStore
from kefu_retrieval.versions.archive import Archive
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.store_suite import ROWS, StoreSuite, manifest, unit

ROOT = "root:Milvus"
"""Milvus's first user, as it comes."""
TENANTS = {"tenant_a": "anna:Geheim-1", "tenant_b": "boris:Geheim-2"}
"""Database of each tenant, and the user who owns it."""
ALIAS = "kefu_t_shop"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    folder = tmp_path_factory.mktemp("external")
    with servers.milvus_standalone(folder, "--authorization-enabled", "true") as running:
        for database, token in TENANTS.items():
            _settle(running.uri, database, token)
        yield running


def _settle(uri: str, database: str, token: str) -> None:
    """A database of its own, and a user who may do everything there and nothing elsewhere."""
    root = MilvusClient(uri=uri, token=ROOT)
    name, password = token.split(":")
    root.create_database(database)
    root.create_user(name, password)
    root.create_role(database)
    for kind in ("Collection", "Global"):
        root.grant_privilege(database, kind, "*", "*", db_name=database)
    root.grant_role(name, database)
    for privilege in (
        "DescribeCollection",
        "ShowCollections",
    ):  # everybody has these, in every database, as Milvus comes
        root.revoke_privilege("public", "Global", privilege, "*", db_name="*")
    root.close()


@pytest.fixture
def token(tmp_path: Path) -> Callable[[str], str]:
    """Writes a mounted secret."""

    def write(text: str) -> str:
        file = tmp_path / f"token-{abs(hash(text))}"
        file.write_text(f"{text}\n")
        return str(file)

    return write


@pytest.fixture
def store(server: servers.Server, token: Callable[[str], str]) -> Iterator[MilvusStore]:
    made = _store(server, "tenant_a", token(TENANTS["tenant_a"]))
    for alias in (ALIAS, f"{ALIAS}_eu"):
        for held in made.collections(alias):
            if made.published(alias) == f"{alias}_{held.version}":
                MilvusClient(uri=server.uri, token=ROOT, db_name="tenant_a").drop_alias(alias)
            made.drop(f"{alias}_{held.version}")
    yield made
    made.close()


def _store(server: servers.Server, database: str | None, token_file: str | None) -> MilvusStore:
    target = StoreTarget(uri=server.uri, database=database, token_file=token_file, alias=ALIAS)
    return MilvusStore(target, timeout=60.0)


class TestMilvusDatabases:
    """These come first: after the store suite, Milvus 2.3.5 denies the grant of the first one for good."""

    def test_says_what_to_ask_the_administrator_where_it_may_not_make_its_database(
        self, server: servers.Server, token: Callable[[str], str]
    ) -> None:
        root = MilvusClient(uri=server.uri, token=ROOT)
        root.create_user("clara", "Geheim-3")
        root.create_role("reader")
        for privilege in ("DescribeCollection", "ShowCollections"):  # as everybody has, as Milvus comes
            root.grant_privilege("reader", "Global", privilege, "*", db_name="absent")
        root.grant_role("clara", "reader")
        root.close()
        stranger = _store(server, "absent", token("clara:Geheim-3"))
        with pytest.raises(DatabaseMissing, match="ask the administrator of the Milvus to create it"):
            stranger.collections(ALIAS)
        stranger.close()

    def test_makes_its_database_where_it_may(self, server: servers.Server, token: Callable[[str], str]) -> None:
        owner = _store(server, "made_by_kefu", token(ROOT))
        assert owner.published(ALIAS) is None
        owner.create(f"{ALIAS}_v1", manifest("v1", sparse=False))
        assert [held.version for held in owner.collections(ALIAS)] == ["v1"]
        owner.drop(f"{ALIAS}_v1")
        owner.close()


class TestMilvusExternal(StoreSuite):
    sparse = False

    @pytest.mark.parametrize("who", [None, "nobody:at-all", "anna:wrong", TENANTS["tenant_b"]])
    def test_refuses_everything_to_whoever_is_not_the_tenant(
        self, store: MilvusStore, server: servers.Server, token: Callable[[str], str], who: str | None
    ) -> None:
        """Tried with the exact names, which would have to be guessed: a hash of namespace and name is part of them."""
        collection = self.fill(store, "v1")
        store.publish(ALIAS, collection)
        stranger = _store(server, "tenant_a", token(who) if who else None)
        tried: dict[str, Callable[[], object]] = {
            "collections": lambda: stranger.collections(ALIAS),
            "manifest": lambda: stranger.manifest(collection),
            "published": lambda: stranger.published(ALIAS),
            "count": lambda: stranger.count(collection),
            "dense": lambda: stranger.dense(collection, unit(1), 1),
            "dense by alias": lambda: stranger.dense(ALIAS, unit(1), 1),
            "probes": lambda: list(stranger.probes(collection, 9)),
            "vectors": lambda: stranger.vectors(collection, ["key-returns"]),
            "ids": lambda: list(stranger.ids(collection)),
            "chunks": lambda: list(stranger.chunks(collection)),
            "scan": lambda: list(stranger.scan(collection)),
            "insert": lambda: stranger.insert(collection, ROWS),
            "drop": lambda: stranger.drop(collection),
            "publish": lambda: stranger.publish(ALIAS, collection),
            "create": lambda: stranger.create(f"{ALIAS}_v2", manifest("v2", sparse=False)),
        }
        for name, attempt in tried.items():
            with pytest.raises(StoreRefused):
                print(name, attempt())
        stranger.close()
        assert store.count(collection) == len(ROWS)
        assert store.published(ALIAS) == collection

    def test_what_was_stopped_before_it_had_an_index_counts_as_gone(
        self, store: MilvusStore, server: servers.Server
    ) -> None:
        half = manifest("v1", sparse=False)
        user = MilvusClient(uri=server.uri, token=TENANTS["tenant_a"], db_name="tenant_a")
        properties = {milvus_schema.MANIFEST: half.model_dump_json()}
        user.create_collection(f"{ALIAS}_v1", schema=milvus_schema.schema(half), properties=properties)
        assert [held.version for held in store.collections(ALIAS)] == ["v1"]
        assert not Archive(store, ALIAS).whole(half)
        with pytest.raises(CollectionGone):
            store.load(f"{ALIAS}_v1")
        store.drop(f"{ALIAS}_v1")
        assert store.collections(ALIAS) == []
        user.close()

    def test_keeps_equal_names_of_two_tenants_apart(
        self, store: MilvusStore, server: servers.Server, token: Callable[[str], str]
    ) -> None:
        mine = self.fill(store, "v1")
        store.publish(ALIAS, mine)
        neighbour = _store(server, "tenant_b", token(TENANTS["tenant_b"]))
        assert neighbour.collections(ALIAS) == []
        assert neighbour.published(ALIAS) is None
        assert neighbour.manifest(mine) is None
        neighbour.create(mine, manifest("v1", sparse=False))
        neighbour.seal(mine)
        assert (neighbour.count(mine), store.count(mine)) == (0, len(ROWS))
        neighbour.drop(mine)
        neighbour.close()
