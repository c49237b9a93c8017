"""The store suite on Milvus Lite inside this process, with its data in one file: what a script or a notebook would use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu_api.documents.index import StoreTarget
from kefu_retrieval.store.milvus import MilvusStore
from tests.integration.test_retrieval.store_suite import StoreSuite

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
"""Of jieba, when Python compiles it for the first time."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MilvusStore]:
    made = MilvusStore(StoreTarget(uri=str(tmp_path / "kefu.db"), alias="kefu_t_shop"), timeout=10.0)
    yield made
    made.close()


class TestMilvusInProcess(StoreSuite):
    pass
