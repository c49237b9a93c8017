"""Reading one file as an ingestion does, child process and all."""

from collections.abc import Iterator

import pytest

from kefu_api.documents.index import Columns
from kefu_retrieval.sources.apart.sandbox import Sandbox
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.read import read_file


class Reader:
    """Reads files of a source called `s`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __call__(self, name: str, data: bytes | str, form: str = "Auto", columns: Columns | None = None) -> Reading:
        held = data.encode() if isinstance(data, str) else data
        return read_file(File("s", name, held, columns), form, self._sandbox)

    def page(self, name: str, data: bytes | str, form: str = "Auto", columns: Columns | None = None) -> Page:
        """The only page of a file that is read without omissions."""
        reading = self(name, data, form, columns)
        assert reading.omissions == []
        (page,) = reading.pages
        return page

    def refusal(self, name: str, data: bytes | str, form: str = "Auto") -> str:
        """The reason why the whole file is left out."""
        reading = self(name, data, form)
        assert reading.documents == 0
        (left,) = reading.omissions
        assert left.document == f"s/{name}"
        return left.reason


@pytest.fixture(scope="session")
def read() -> Iterator[Reader]:
    """One child process for all tests."""
    with Sandbox() as sandbox:
        yield Reader(sandbox)
