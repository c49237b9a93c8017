"""What a build keeps on disk: it finds what was put there, and memory does not grow with it."""

import errno
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from kefu_api.documents.index import Chunking, IngestionFailure, IngestionReport
from kefu_retrieval.__main__ import TEMPORARY, job
from kefu_retrieval.building import ledger
from kefu_retrieval.building.filling import row_id
from kefu_retrieval.building.ledger import Filed, Said
from kefu_retrieval.building.plan import Rows, by_document
from kefu_retrieval.building.survey import survey
from kefu_retrieval.building.tally import Tally
from kefu_retrieval.building.vectors import KnownVectors
from kefu_retrieval.errors import ScratchFull
from kefu_retrieval.scratch.room import needing_room
from kefu_retrieval.scratch.spool import Spool
from kefu_retrieval.scratch.string_set import StringSet
from kefu_retrieval.scratch.table import Table
from kefu_retrieval.settings import Settings
from kefu_retrieval.sources.document import FaqEntry, Origin, Reading
from tests.unit.traced import traced

A_CHUNK = 100
"""Bytes that a chunk may cost: a few numbers. As an id and a name in a list, and a key of a dict, it would cost hundreds."""


@pytest.fixture
def table() -> Iterator[Table]:
    with closing(Table()) as made:
        yield made


def test_a_key_keeps_its_first_value_until_another_is_put(table: Table) -> None:
    assert (table.add(b"k", b"1"), table.add(b"k", b"2"), table.get(b"k")) == (True, False, b"1")
    table.put(b"k", b"3")
    table.put(b"new", b"4")
    assert list(table.items()) == [(b"k", b"3"), (b"new", b"4")]
    assert len(table) == 2


def test_a_key_that_is_taken_out_is_gone(table: Table) -> None:
    table.add(b"b")
    table.add(b"a")
    assert list(table) == [b"a", b"b"]
    assert (table.discard(b"a"), table.discard(b"a")) == (True, False)
    assert (b"a" in table, b"b" in table, table.get(b"a"), len(table)) == (False, True, None, 1)


def test_a_set_of_strings_holds_each_once_and_gives_them_sorted() -> None:
    with closing(StringSet(["乙", "b", "a", "b", ""])) as held:
        assert list(held) == sorted(["乙", "b", "a", ""])
        assert (len(held), "乙" in held, "c" in held, 7 in held) == (4, True, False, False)
        assert (held.add("c"), held.add("c")) == (True, False)


def test_a_spool_gives_items_in_order_and_by_number() -> None:
    with closing(Spool(TypeAdapter(str))) as spool:
        for each in ("a", "line\nend", "c"):
            spool.append(each)
        assert list(spool) == ["a", "line\nend", "c"]
        assert spool.pick({1, 2, 9}) == {1: "line\nend", 2: "c"}
        assert (spool.pick(()), len(spool)) == ({}, 3)


def test_a_tally_is_what_is_counted_in_memory_whatever_the_order() -> None:
    rows = [(f"d{number % 7}", f"{number * number:032x}") for number in range(40)]
    rows.append(("d0", "f" * 32))  # a sum that wraps
    with closing(Tally(rows)) as tally:
        counted = list(tally)
    assert dict(counted) == by_document(rows)
    assert counted == sorted(counted, key=lambda each: each[0])
    with closing(Tally([])) as nothing:
        assert dict(nothing) == dict[str, Rows]()


def surveyed(count: int) -> None:
    """A survey of so many chunks, some of which are alike, and the tally of their rows."""
    answer = "Parcels come back within {0} days, at the cost of the buyer, unless goods were broken when they came."

    def readings() -> Iterator[Reading]:
        for number in range(count):
            text = answer.format(number)
            yield Reading(entries=[FaqEntry(f"faq/{number}", f"Question {number}", (), text, (), "en")])

    with closing(survey(readings(), Chunking(tokens=100, overlap=10))) as found:
        rows = ((chunk.document, row_id(chunk, probe, found.also)) for chunk in found.chunks for probe in chunk.probes)
        with closing(Tally(rows)) as tally:
            assert sum(rows.count for _, rows in tally) == 2 * count


def gone_on_with(count: int) -> None:
    """Ids of so many rows."""
    with closing(StringSet(f"{number:032x}" for number in range(count))) as ids:
        assert len(ids) == count


def known(count: int) -> None:
    """So many vectors."""
    vector = np.ones(8, dtype=np.float32)
    with closing(KnownVectors(8)) as vectors:
        for number in range(count):
            vectors.add(f"{number:064x}", vector)
        assert len(vectors) == count


def remembered(count: int) -> None:
    """What a published version remembers of so many chunks, fifty a file."""
    chunks = tuple(Said(bytes(16), bytes(64), 0) for _ in range(50))
    files = (Filed(Origin("docs", f"{n}.md", f"{n:064x}"), (f"docs/{n}.md",), 1, chunks) for n in range(count // 50))
    with closing(StringSet()) as names:
        back = ledger.read(ledger.write("made", [], files, names))
    assert back is not None
    with closing(back):
        assert sum(file.chunks for file in back.files.values()) == count


@pytest.mark.parametrize("act", [surveyed, gone_on_with, known, remembered])
def test_memory_does_not_grow_with_the_chunks(act: Callable[[int], None]) -> None:
    few, many = 1_100, 2_100  # beyond 1,000 pairs of documents that are alike no more are told
    act(many)  # what is made once, and words that are remembered
    assert traced(lambda: act(many)).most - traced(lambda: act(few)).most < A_CHUNK * (many - few)


def test_a_full_disk_is_an_error_that_says_so_and_other_faults_stay_what_they_are() -> None:
    with closing(Table()) as table:
        table._database.execute("PRAGMA max_page_count=4")
        with pytest.raises(ScratchFull, match="no room left"), needing_room():
            for number in range(10_000):
                table.add(number.to_bytes(4), bytes(100))
    with pytest.raises(ScratchFull), needing_room():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), needing_room():
        raise FileNotFoundError(errno.ENOENT, "gone")


def test_a_job_without_room_says_so_in_its_termination_message(tmp_path: Path) -> None:
    def act() -> IngestionReport:
        raise OSError(errno.ENOSPC, "No space left on device")

    log = tmp_path / "termination.log"
    settings = Settings.from_environment({"KEFU_TERMINATION_LOG": str(log)})
    assert job(act, settings) == TEMPORARY
    told = IngestionFailure.model_validate_json(log.read_text())
    assert (told.reason, told.temporary) == ("ScratchFull", True)
