"""The store suite on a real Milvus standalone 2.3.5, which has no keyword search: the capability is declared."""

from collections.abc import Iterator

import pytest
from pymilvus import MilvusClient  # type: ignore[import-untyped]

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.store_suite import StoreSuite


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.milvus_standalone(tmp_path_factory.mktemp("standalone")) as running:
        yield running


@pytest.fixture
def store(server: servers.Server) -> Iterator[MilvusStore]:
    made = MilvusStore(StoreTarget(uri=server.uri, alias="kefu_t_shop"), timeout=60.0)
    for alias in ("kefu_t_shop", "kefu_t_shop_eu"):
        for held in made.collections(alias):
            if made.published(alias) == f"{alias}_{held.version}":  # Milvus drops no collection that has an alias
                MilvusClient(uri=server.uri).drop_alias(alias)
            made.drop(f"{alias}_{held.version}")
    yield made
    made.close()


class TestMilvusStandalone(StoreSuite):
    sparse = False
