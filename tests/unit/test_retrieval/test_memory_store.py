"""The store suite on the store in memory."""

import pytest

from kefu_retrieval.store.memory import MemoryStore
from tests.integration.test_retrieval.store_suite import StoreSuite


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class TestMemoryStore(StoreSuite):
    pass
