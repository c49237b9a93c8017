"""The child process: whatever a document does to it, the document is left out and the next one is read."""

import sys
import zlib
from collections.abc import Iterator

import pytest

from kefu_api import digest
from kefu_api.documents.index import SourceDocument
from kefu_retrieval.sources import limits, read
from kefu_retrieval.sources.apart.sandbox import Sandbox
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.file import File
from tests.unit.test_retrieval.doubles import index
from tests.unit.test_sources import made

FILE = File("s", "a.html", b"<html><body>x</body></html>")
GOOD = b"<html><body>fine</body></html>"


def child(code: str, **bounds: float) -> Iterator[Reading]:
    """What comes of a document whose parser does this."""
    script = f"import os, sys, time, signal, struct\n{code}"
    with Sandbox((sys.executable, "-c", script), seconds=bounds.get("seconds", 60)) as sandbox:
        yield sandbox.parse(FILE, "HTML", guessing=True)


ENDS = {
    "hangs": ("time.sleep(600)", "reading it took more than 1 s"),
    "loops for ever": ("while True: pass", "reading it took more than 1 s"),
    "never listens and never ends": ("signal.pause()", "reading it took more than 1 s"),
    "uses up its processor time": ("os.kill(os.getpid(), signal.SIGXCPU)", "240 s of processor time"),
    "runs out of memory": ("raise MemoryError", "takes more than 1024 MiB of memory"),
    "crashes": ("os.kill(os.getpid(), signal.SIGSEGV)", "its parser failed (status -11)"),
    "raises": ("raise KeyError('Root')", "its parser failed (KeyError: 'Root')"),
    "says something of another type": (
        "b = b'{\"pages\": 7}'; sys.stdout.buffer.write(struct.pack('>Q', len(b)) + b); sys.stdout.flush(); time.sleep(9)",
        "its parser failed",
    ),
    "promises an endless answer": (
        "sys.stdout.buffer.write(struct.pack('>Q', 2**60)); sys.stdout.flush(); time.sleep(600)",
        "its parser failed",
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_document_whose_parser(case: str) -> None:
    code, reason = ENDS[case]
    slow = "more than 1 s" in reason
    (reading,) = child(code, seconds=1 if slow else 60)
    (left,) = reading.omissions
    assert left.document == "s/a.html"
    assert reason in left.reason
    assert left.reason.endswith("save it anew, simplify it, or split it")


def bomb(size: int) -> bytes:
    """A PDF whose only page unpacks to `size` bytes of spaces."""
    packer = zlib.compressobj(1)
    block = b" " * (8 * limits.MIB)
    stream = b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, held in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s\nendobj\n" % (number, held)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(body),
    )
    return body + end


def test_a_pdf_that_unpacks_to_more_than_memory_is_left_out_and_the_next_is_read() -> None:
    with Sandbox(memory=320 * limits.MIB) as sandbox:
        before = sandbox.parse(File("s", "a.html", GOOD), "HTML", guessing=True)
        reading = sandbox.parse(File("s", "bomb.pdf", bomb(640 * limits.MIB)), "PDF", guessing=True)
        after = sandbox.parse(File("s", "a.html", GOOD), "HTML", guessing=True)
    assert reading.documents == 0
    assert "memory" in reading.omissions[0].reason
    assert [page.body for page in before.pages] == [page.body for page in after.pages] == ["fine"]


def test_the_child_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_TOKEN", "s3cret")
    (reading,) = child("raise KeyError(os.environ.get('KEFU_TOKEN', 'not there'))")
    assert "not there" in reading.omissions[0].reason


def test_one_child_reads_many_documents() -> None:
    with Sandbox() as sandbox:
        for number in range(3):
            data = made.pdf(made.paragraph(f"第{number}份文件"))
            (page,) = sandbox.parse(File("s", f"{number}.pdf", data), "PDF", guessing=True).pages
            assert page.body == f"第{number}份文件"
        first = sandbox.process
        sandbox.parse(File("s", "a.html", GOOD), "HTML", guessing=True)
        assert sandbox.process == first
    assert sandbox.process is None


def test_an_index_of_bad_documents_and_one_good_one_is_read() -> None:
    texts = {"good": ("HTML", GOOD.decode()), "bad": ("JSONL", "no json"), "worse": ("CSV", ",,")}
    sources = [
        SourceDocument.model_validate({"name": name, "format": form, "inline": text, "digest": digest.of_text(text)})
        for name, (form, text) in texts.items()
    ]
    reading = read.read(index(*sources))
    assert [page.document for page in reading.pages] == ["good/inline.html"]
    assert [left.document for left in reading.omissions] == ["bad/inline.jsonl", "worse/inline.csv"]
