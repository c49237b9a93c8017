"""Whatever bytes a file holds, reading it ends with documents or reasons, and never with an error."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu_retrieval.sources import sniff
from kefu_retrieval.sources.apart.sandbox import Sandbox
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.read import read_file
from tests.unit.test_sources import made
from tests.unit.test_sources.reading import Reader
from tests.unit.test_sources.test_webpage import SHOP
from tests.unit.test_sources.test_word import warranty

TEXTS = ["a.yaml", "a.md", "a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a"]
WHOLE = {
    "a.pdf": made.pdf(
        made.paragraph("退换货", made.HEADING), made.paragraph("七天内可退"), made.ruled([["a", "b"], ["1", "2"]])
    ),
    "a.docx": made.word(warranty),
    "a.xlsx": made.workbook([["问题", "答案"], ["能退吗", "可以"]]),
    "a.html": SHOP.format(charset="utf-8").encode(),
    "a.yaml": "- {question: 能退吗, answer: 可以, validFrom: 2026-01-01}\n".encode(),
    "a.csv": "问题,答案,标签\n能退吗,可以,退货\n".encode("gb18030"),
    "a.jsonl": b'{"a": {"b": [1, 2]}, "c": "d"}\n' * 3,
    "a.md": "---\ntitle: 退货\ntags: [a]\n---\n# 退货\n\n七天内可退。\n".encode(),
}


@given(name=st.sampled_from(TEXTS), data=st.binary(max_size=300), form=st.sampled_from(["Auto", *sniff.ENDINGS]))
@settings(max_examples=400)
def test_random_bytes_as_text(name: str, data: bytes, form: str) -> None:
    with Sandbox(("/bin/false",)) as nothing:
        reading = read_file(File("s", name, data), form, nothing)
    assert reading.documents or reading.omissions
    assert all(left.reason and left.document.startswith("s/") for left in reading.omissions)


@given(text=st.text(max_size=300), name=st.sampled_from(TEXTS))
@settings(max_examples=300)
def test_random_text(name: str, text: str) -> None:
    with Sandbox(("/bin/false",)) as nothing:
        reading = read_file(File("s", name, text.encode()), "Auto", nothing)
    assert reading.documents or reading.omissions


@pytest.mark.parametrize("name", WHOLE)
def test_a_real_document_with_bytes_changed_moved_and_lost(read: Reader, name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - the same damage each time
    for _ in range(12):
        data = bytearray(WHOLE[name])
        for _ in range(chance.choice([1, 4, 30])):
            at = chance.randrange(len(data) + 1)
            what = chance.randrange(3)
            if what == 0:
                data[at : at + 1] = chance.randbytes(1)
            elif what == 1:
                del data[at : at + chance.randrange(1, 20)]
            else:
                data[at:at] = chance.randbytes(5)
        reading = read(name, bytes(data) or b"x")
        assert reading.documents or reading.omissions
