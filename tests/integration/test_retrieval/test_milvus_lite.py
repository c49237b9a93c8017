"""The store suite on Milvus Lite's server, and what only a server can show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.errors import StoreRefused, StoreUnreachable
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.store_suite import ROWS, StoreSuite, unit


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.milvus_lite(tmp_path_factory.mktemp("lite")) as running:
        yield running


@pytest.fixture
def store(server: servers.Server) -> Iterator[MilvusStore]:
    made = MilvusStore(StoreTarget(uri=server.uri, alias="kefu_t_shop"), timeout=10.0)
    for alias in ("kefu_t_shop", "kefu_t_shop_eu"):
        for held in made.collections(alias):
            made.drop(f"{alias}_{held.version}")
    yield made
    made.close()


class TestMilvusLite(StoreSuite):
    def test_keeps_a_published_version_when_it_is_killed(self, store: MilvusStore, server: servers.Server) -> None:
        collection = self.fill(store, "v1")
        store.publish("kefu_t_shop", collection)
        server.kill()
        quick = MilvusStore(StoreTarget(uri=server.uri, alias="kefu_t_shop"), timeout=1.0)
        for attempt in (store, quick):
            with pytest.raises(StoreUnreachable):
                attempt.published("kefu_t_shop")
        server.start()
        for survivor in (store, quick):
            assert survivor.published("kefu_t_shop") == collection
            survivor.load(collection)
            assert survivor.count(collection) == len(ROWS)
            assert survivor.dense(collection, unit(1), 1)[0].payload.chunk == "returns"
        quick.close()


def test_names_a_credentials_file_that_cannot_be_read(tmp_path: Path) -> None:
    target = StoreTarget(uri="http://127.0.0.1:9", alias="a", token_file=str(tmp_path / "token"))
    with pytest.raises(StoreRefused, match="token"):
        MilvusStore(target, timeout=1.0).published("a")
