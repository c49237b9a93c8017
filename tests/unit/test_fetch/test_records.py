"""What the records of a folder say of its content."""

from pathlib import Path

from kefu_operator.fetch.records import Records, Snapshot


def folder(place: Path, digests: dict[str, str]) -> Records:
    """A complete snapshot of files with these digests."""
    place.mkdir()
    records = Records(place)
    for name, sha256 in digests.items():
        (place / name).write_text(sha256)
        records.write_done(name, f"hf://a/b/{name}@{place.name}", sha256)
    records.write_snapshot(Snapshot("hf://a/b@main", tuple(digests)))
    return records


def test_content_is_the_same_wherever_and_in_whatever_order_it_came(tmp_path: Path) -> None:
    one, other = folder(tmp_path / "one", {"a": "01", "b": "02"}), folder(tmp_path / "other", {"b": "02", "a": "01"})
    assert one.content() == other.content() != ""
    assert folder(tmp_path / "changed", {"a": "01", "b": "03"}).content() != one.content()
    assert folder(tmp_path / "renamed", {"a": "01", "c": "02"}).content() != one.content()


def test_what_is_not_whole_has_no_content(tmp_path: Path) -> None:
    assert Records(tmp_path / "nowhere").content() == ""
    records = folder(tmp_path / "one", {"a": "01", "b": "02"})
    (tmp_path / "one" / "b").unlink()
    assert records.content() == ""
