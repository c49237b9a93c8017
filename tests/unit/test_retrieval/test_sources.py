"""Sources: what is read, and what is left out with which reason."""

from pathlib import Path

import pytest

from kefu_retrieval.errors import DocumentRefused, SourceChanged, SourceMissing
from kefu_retrieval.sources import folder, limits, markdown, read
from kefu_retrieval.sources.document import Reading
from kefu_retrieval.sources.faq import entries
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.text import language
from tests.unit.test_retrieval.doubles import faq_source, folder_source, index

GOOD = "- {id: a, question: 能退吗, variants: [可以退货吗, 能退吗], answer: 可以, tags: [x]}\n"

BAD_ENTRIES = {
    "no answer": ("- {id: a, question: q}", "answer: Field required"),
    "an empty question": ("- {id: a, question: '  ', answer: b}", "question: String should have at least 1"),
    "a misspelt field": ("- {id: a, question: q, anwser: b}", "answer"),
    "an unknown field": ("- {id: a, question: q, answer: b, url: c}", "url: Extra inputs are not permitted"),
    "an id with a space": ("- {id: a b, question: q, answer: b}", "id: String should match"),
    "variants that are no list": (
        "- {id: a, question: q, variants: v, answer: b}",
        "variants: Input should be a valid list",
    ),
    "an answer that is too long": (
        f"- {{id: a, question: q, answer: {'x' * 8_001}}}",
        "answer: String should have at most",
    ),
    "a plain string": ("- hello", "must be a mapping"),
    "a number for an answer": ("- {id: a, question: q, answer: 7}", "answer: Input should be a valid string"),
}

BAD_FILES = {
    "not YAML": ("- {id: a", "not YAML"),
    "a mapping": ("question: q", "must be a YAML list"),
    "nothing": ("", "must be a YAML list"),
    "aliases, which could expand without end": ("- &a [x]\n- [*a, *a]", "aliases are not allowed"),
    "a Python object": ("- !!python/object:os.system {}", "not YAML"),
    "nested a thousand deep": ("[" * 5_000, "not YAML"),
}


def parsed(text: str) -> Reading:
    return entries.parse(File("faq", "f.yaml", text.encode()))


def pages(text: str, name: str = "a.md") -> Reading:
    return markdown.parse(File("p", name, text.encode()))


def test_reads_an_entry() -> None:
    reading = parsed(GOOD)
    assert reading.omissions == []
    entry = reading.entries[0]
    assert (entry.document, entry.question, entry.variants) == ("faq/a", "能退吗", ("可以退货吗",))
    assert (entry.answer, entry.tags, entry.language) == ("可以", ("x",), "zh")


def test_names_an_entry_without_id_by_its_question() -> None:
    text = "- {question: q, answer: b}\n- {question: r, answer: b}"
    first, second = parsed(text).entries
    assert first.document != second.document
    assert parsed(text).entries[0].document == first.document


@pytest.mark.parametrize("case", BAD_ENTRIES)
def test_leaves_out_an_entry_with(case: str) -> None:
    text, reason = BAD_ENTRIES[case]
    reading = parsed(f"{text}\n{GOOD.replace('id: a', 'id: good')}")
    assert [entry.document for entry in reading.entries] == ["faq/good"]
    assert len(reading.omissions) == 1
    assert reason in reading.omissions[0].reason


@pytest.mark.parametrize("case", BAD_FILES)
def test_leaves_out_an_faq_file_that_holds(case: str) -> None:
    text, reason = BAD_FILES[case]
    with pytest.raises(DocumentRefused) as caught:
        parsed(text)
    assert reason in str(caught.value)


def test_takes_a_pages_title_from_front_matter_then_heading_then_file_name() -> None:
    def title(text: str) -> str:
        return pages(text, "returns.md").pages[0].title

    assert title("---\ntitle: Our returns\n---\n# Other\ntext") == "Our returns"
    assert title("intro\n\n## Second\n") == "Second"
    assert title("only text") == "returns"
    assert title("---\nowner: me\n---\n# Heading #\n") == "Heading"


def test_keeps_front_matter_out_of_the_body() -> None:
    assert pages("---\r\ntitle: T\r\n---\r\nbody\r\n").pages[0].body == "body\n"


def test_leaves_out_an_empty_page_and_broken_front_matter() -> None:
    for text, reason in {" \n": "empty", "---\ntitle: [\n---\nx": "front matter"}.items():
        with pytest.raises(DocumentRefused) as caught:
            pages(text)
        assert reason in str(caught.value)


def test_reads_a_mounted_config_map_through_its_links(tmp_path: Path) -> None:
    data = tmp_path / "..2026_11_20"
    data.mkdir()
    (data / "entries.yaml").write_text(GOOD)
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "entries.yaml").symlink_to(tmp_path / "..data" / "entries.yaml")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "folder").mkdir()
    assert dict(folder.read(tmp_path).files) == {"entries.yaml": GOOD.encode()}


def test_leaves_out_files_that_are_not_text_too_large_or_of_another_kind(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "good.yaml": GOOD,
        "notes.md": "# x",
        "noise.yaml": bytes(range(256)),
        "long.yaml": b"#" * (limits.YAML_BYTES + 1),
        "large.yaml": b"x" * (limits.FILE_BYTES + 1),
        "nothing.yaml": " \n",
    }
    reading = read.read(index(folder_source(tmp_path / "faq", files)))
    assert [entry.document for entry in reading.entries] == ["faq/a"]
    reasons = {left.document: left.reason for left in reading.omissions}
    assert "no known encoding" in reasons["faq/noise.yaml"]
    assert "larger than 4 MiB" in reasons["faq/long.yaml"]
    assert "larger than 64 MiB" in reasons["faq/large.yaml"]
    assert "must end in .yaml" in reasons["faq/notes.md"]
    assert "empty" in reasons["faq/nothing.yaml"]


def test_stops_when_a_folder_is_not_the_snapshot_it_should_be(tmp_path: Path) -> None:
    source = folder_source(tmp_path / "faq", {"f.yaml": GOOD})
    read.read(index(source))
    (tmp_path / "faq" / "f.yaml").write_text(GOOD.replace("可以,", "不可以,"))
    with pytest.raises(SourceChanged, match="faq"):
        read.read(index(source))


def test_stops_when_a_folder_is_missing(tmp_path: Path) -> None:
    source = folder_source(tmp_path / "faq", {}).model_copy(update={"path": str(tmp_path / "absent")})
    with pytest.raises(SourceMissing, match="absent"):
        read.read(index(source))


def test_keeps_the_first_of_two_entries_with_one_id_but_one_a_language() -> None:
    text = (
        '- {id: a, question: 能退吗, answer: 可以}\n- {id: a, question: "Returns?", answer: "Yes."}\n'
        "- {id: a, question: 不同, answer: 别的}"
    )
    reading = read.read(index(faq_source(text)))
    assert [entry.answer for entry in reading.entries] == ["可以", "Yes."]
    assert "unique" in reading.omissions[0].reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iPhone 15 怎么退货", "zh"),
        ("Can I return it?", "en"),
        ("What does 七天无理由 mean in your policy text", "en"),
        ("返品はできますか", "und"),
        ("12345 !?", "und"),
        ("ＡＢＣ ｃａｎ ｉ", "en"),
        ("", "und"),
    ],
)
def test_tells_the_language_by_its_script(text: str, expected: str) -> None:
    assert language.detect(text) == expected
