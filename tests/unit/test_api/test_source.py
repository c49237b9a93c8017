"""YAML as kubectl reads it, under bounds."""

from typing import Any

import pytest

from kefu_api.errors import ManifestError
from kefu_api.source import parse
from kefu_api.source.reader import MAX_BYTES
from kefu_api.source.scalar import resolve


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1:30", "1:30"), ("2026-01-01", "2026-01-01"), ("2026-1-1 10:00:00", "2026-1-1 10:00:00"), ("y", True), ("Off", False),
        ("0777", 511), ("0o17", 15), ("0x1f", 31), ("-0b11", -3), ("1_000", 1000), ("08", 8), ("+7", 7), ("1e3", 1000), ("2.0", 2),
        ("2.5", 2.5), (".5", 0.5), ("1e400", "1e400"), ("1e22", 1e22), ("18446744073709551615", 2**64 - 1), ("~", None), ("", None),
        ("-", "-"), ("1.2.3", "1.2.3"), ("5m", "5m"), ("中文", "中文"), ("9" * 500, "9" * 500),
    ],
)  # fmt: skip
def test_an_unquoted_word_means_what_it_means_to_kubectl(word: str, value: Any) -> None:
    found = resolve(word)
    assert (type(found), found) == (type(value), value)


def test_documents_remember_file_and_lines() -> None:
    first, second = parse("a: 1\n---\n\nb:\n  c: [x,\n    y]\n", "f.yaml")
    assert (first.body, first.file, first.line(("a",))) == ({"a": 1}, "f.yaml", 1)
    assert [second.line(path) for path in ((), ("b",), ("b", "c", 0), ("b", "c", 1), ("b", "c", 9), ("z",))] == [
        4,
        4,
        5,
        6,
        5,
        4,
    ]


def test_empty_documents_are_left_out_and_lists_are_opened() -> None:
    found = parse("---\n# nothing\n---\nkind: List\nitems:\n- kind: A\n- {kind: B}\n---\n")
    assert [(document.body, document.line(())) for document in found] == [({"kind": "A"}, 6), ({"kind": "B"}, 7)]


def test_anchors_merges_and_tags_that_json_can_carry() -> None:
    [found] = parse("x: &x {a: 1, b: 2}\nm: {<<: *x, b: 3}\nz: {<<: [*x, {c: 4}]}\nq: !!str 1\n1: one\ntrue: yes\n")
    assert found["m"] == {"a": 1, "b": 3}
    assert found["z"] == {"a": 1, "b": 2, "c": 4}
    assert (found["q"], found["1"], found["true"]) == ("1", "one", True)


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f:3: field 'a' is given twice (first in line 1): remove one"),
        ("a: [1", "f:2: not YAML"),
        ("\ta: 1", "f:1: not YAML"),
        ("a: \x00", "f: not YAML"),
        ("- 1", "f:1: an object starts with apiVersion and kind"),
        ("just words", "f:1: an object starts with apiVersion and kind"),
        ("kind: List\nitems: [1]", "f:2: a List holds objects"),
        ("a: .inf", "f:1: .inf is no JSON value"),
        ("a: !!python/object/apply:os.system [x]", "f:1: tag tag:yaml.org,2002:python/object/apply:os.system is not supported"),
        ("a: !!binary eA==", "is not supported"),
        ("a: *b", "f:1: alias *b has no anchor before it"),
        ("a: &a [*a]", "f:1: alias *a has no anchor before it"),
        ("a: {[1]: 2}", "f:1: a field's name must be text"),
        ("a: {<<: 1}", "f:1: << merges mappings only"),
        ("[" * 5000, "f:1: nested deeper than 64 levels"),
        ("a: " * 70 + "1", "not YAML"),
        (bomb(), "more than 50000 values"),
        ("a: " + "x" * MAX_BYTES, "f: larger than 4 MiB: split the file"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text, "f")
    assert message in str(caught.value)


def test_a_tag_without_type_tag_is_refused_as_any_other() -> None:
    with pytest.raises(ManifestError, match="tag !Ref is not supported"):
        parse("a: !Ref x", "f")


@pytest.mark.parametrize("text", ["a: !mine {b: 1}", "a: !!set {b}", "a: !!python/tuple [1]"])
def test_tags_of_collections_are_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="is not supported"):
        parse(text, "f")
