"""Files that are not read again: what a version holds and reports is the same as if every file had been read."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kefu_api.documents.index import Index, IngestionReport
from kefu_retrieval.building import ledger
from kefu_retrieval.building.ledger import Filed, Said
from kefu_retrieval.building.plan import Policy, Rows
from kefu_retrieval.building.standing import standing
from kefu_retrieval.ingest import Ingestion
from kefu_retrieval.sources import read
from kefu_retrieval.sources.document import Origin
from kefu_retrieval.store.memory import MemoryStore
from kefu_retrieval.store.view import View
from tests.unit.test_retrieval.doubles import Clock, WordEmbedder, folder_source, index

ALIAS = "kefu_acme_shop"
EAGER = Policy(least=10, share=0.5)
BODY = "Rule {n} of this shop says that parcels of kind {n} come back within {n} days, and never on day {n} of a month."


def page(n: int, more: str = "") -> str:
    return f"# Page {n}\n\n{BODY.format(n=n)}{more}\n"


def pages(count: int = 40) -> dict[str, str]:
    return {f"p{n:02}.md": page(n) for n in range(count)}


class Shop:
    """A folder of pages, and a store over several ingestions of it."""

    def __init__(self, folder: Path, policy: Policy = EAGER) -> None:
        self.folder = folder
        self.policy = policy
        self.store = MemoryStore()
        self.clock = Clock()

    def document(self, version: str, files: dict[str, str]) -> Index:
        for old in self.folder.glob("docs/*"):
            old.unlink()
        source = folder_source(self.folder / "docs", files, "Markdown")
        return index(source, version=version, keep=5)

    async def ingest(self, version: str, files: dict[str, str]) -> IngestionReport:
        self.clock.now += 1
        document = self.document(version, files)
        return await Ingestion(document, self.store, WordEmbedder(), self.clock, self.policy).run()

    def left_alone(self, files: dict[str, str]) -> int:
        """How many files are not read for a next version of these."""
        document = self.document("next", files)
        held = standing(self.store, f"{ALIAS}_v1", ledger.made_by(document))
        assert held is not None
        with closing(held):
            known = held.ledger.files if held.ledger else ()
            return sum(reading.skipped for reading in read.stream(document, known))

    def rows(self, version: str) -> set[tuple[str, str]]:
        manifest = self.store.manifest(f"{ALIAS}_{version}")
        assert manifest is not None
        return {(each.document, each.row) for each in View.of(self.store, manifest).chunks()}


def told(report: IngestionReport) -> dict[str, object]:
    """A report without what building on another version is meant to spare."""
    return report.model_dump(exclude={"embedded", "versions"})


async def test_only_files_that_changed_are_read(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    await shop.ingest("v1", pages())
    changed = pages() | {"p03.md": page(3, " Changed."), "new.md": page(99)}
    del changed["p05.md"]
    assert shop.left_alone(changed) == 38
    report = await shop.ingest("v2", changed)
    assert (report.documents, report.chunks, report.embedded) == (40, 40, 2)
    assert report.changes is not None
    assert [*report.changes.documents.model_dump().values()] == [1, 1, 1]


async def test_files_that_left_something_out_or_share_a_chunk_are_read_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    files = pages() | {"twin.md": page(7), "empty.md": ""}
    await shop.ingest("v1", files)
    assert shop.left_alone(files) == 39


async def test_pages_that_repeat_a_line_are_all_read_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    files = {name: f"{text}\nAll rights reserved by the shop\n" for name, text in pages().items()}
    await shop.ingest("v1", files)
    assert shop.left_alone(files) == 0


async def test_another_chunking_reads_every_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    document = shop.document("v1", pages())
    other = document.model_copy(update={"chunking": document.chunking.model_copy(update={"overlap": 7})})
    assert ledger.made_by(document) != ledger.made_by(other)
    await shop.ingest("v1", pages())
    held = standing(shop.store, f"{ALIAS}_v1", ledger.made_by(other))
    assert held is not None
    assert (held.ledger, len(held.rows)) == (None, 40)


LINE = "Customer service answers on workdays from nine to five"
EDITS = st.dictionaries(
    st.sampled_from([*pages(14), "a.md", "z.md"]),
    st.one_of(
        st.none(),
        st.sampled_from([page(3), page(4, " More."), page(50), f"{page(51)}\n{LINE}\n", page(2, ""), "", f"{LINE}\n"]),
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=EDITS, second=EDITS)
@pytest.mark.parametrize("start", ["", f"\n{LINE}\n"])
async def test_whatever_is_edited_a_version_is_the_same_as_one_of_which_every_file_was_read(
    tmp_path: Path, start: str, first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    shops = Shop(tmp_path), Shop(tmp_path, Policy(least=10**9))
    files = {name: text + (start if name < "p04" else "") for name, text in pages(14).items()}
    for version, edits in (("v1", {}), ("v2", first), ("v3", second)):
        files = {name: text for name, text in (files | edits).items() if text is not None}
        built, plain = [await shop.ingest(version, files) for shop in shops]
        assert told(built) == told(plain)
        assert shops[0].rows(version) == shops[1].rows(version)


def test_is_read_as_it_was_written_or_not_at_all() -> None:
    files = [
        Filed(Origin("docs", "a.md", "d" * 64), ("docs/a.md",), 1, (Said(b"\xaa", b"\xbb", 0), Said(b"\x0c", b"", 0))),
        Filed(Origin("docs", "b.yaml", "e" * 64), ("docs/b", "docs/c"), 0, (Said(b"\xdd", b"\xee", 1),)),
    ]
    documents = {f"{n:016x}": Rows(n, n * 2**100) for n in range(1_200)}
    others = {f"faq/{n}" for n in range(700)}
    named = {*others, "docs/a.md", "docs/b", "docs/c"}
    lines = list(ledger.write("made", documents.items(), files, named))
    back = ledger.read(lines)
    assert back is not None
    with closing(back):
        assert (back.made_by, back.documents, back.others) == ("made", documents, others)
        for file in reversed(files):
            known = back.files[file.origin]
            assert (known.documents, known.pages, known.chunks) == (file.documents, file.pages, len(file.chunks))
            assert back.said(known) == file.chunks
        assert (sorted(back.named()), back.pages()) == (sorted(named), {"docs": 1})
    assert ledger.read(lines[:-1]) is None
    assert ledger.read([lines[0][:-3], *lines[1:]]) is None
    assert ledger.read([]) is None
