"""In which order the files of these tests are taken."""

from pathlib import Path

import pytest

LONGEST = (
    "test_outage.py",
    "test_kills.py",
    "test_draft.py",
    "test_service.py",
    "test_golden.py",
    "test_versions.py",
    "test_push.py",
    "test_milvus_external.py",
)
"""Files that take half a minute and more, most of it waiting: they are begun first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))


def _rank(file: Path) -> int:
    return LONGEST.index(file.name) if file.name in LONGEST else len(LONGEST)
