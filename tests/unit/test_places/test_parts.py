"""Names, addresses, signatures, XML and rows: the pure parts of places."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kefu_api import flat_xml
from kefu_api.documents.fetch import Fetch, FetchedSource, FetchReport, Limits
from kefu_api.s3.signature import KeyPair, sign
from kefu_retrieval import termination
from kefu_retrieval.errors import AddressRefused, PlaceInvalid, PlaceUnreachable
from kefu_retrieval.places import command, names, sql_address, sql_rows
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.gathering import Gathering
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.sources.text import plain_yaml


@pytest.mark.parametrize(
    ("url", "media_type", "name"),
    [
        ("https://a.example/help/returns.html", None, "help/returns.html"),
        ("https://a.example/help/returns", "text/html; charset=utf-8", "help/returns.html"),
        ("https://a.example/", "text/html", "index.html"),
        ("https://a.example/help/", "text/html", "help/index.html"),
        ("https://a.example/v1.2", "text/html", "v1.2.html"),
        ("https://a.example/%E9%80%80%E8%B4%A7.md", None, "退货.md"),
        ("https://a.example/%2e%2e/%2fetc/passwd", None, "-/-etc/passwd"),
        ("https://a.example/.git/config", None, "git/config"),
    ],
)
def test_pages_are_named_for_their_paths(url: str, media_type: str | None, name: str) -> None:
    assert names.of_url(url, media_type) == name
    assert names.check(name) is None


def test_two_queries_of_one_path_are_two_pages() -> None:
    one, other = (names.of_url(f"https://a.example/p?id={n}", "text/html") for n in (1, 2))
    assert one != other and one.endswith(".html") and one.startswith("p-")


def test_a_page_whose_path_is_no_name_gets_a_hash() -> None:
    name = names.of_url("https://a.example/" + "x" * 600, "text/html")
    assert len(name) == 37 and names.check(name) is None


PUBLIC = ["93.184.216.34", "2606:2800:220:1::1"]
PRIVATE = ["10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.3.4", "fd12::1", "::ffff:10.0.0.1"]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
NEVER = [
    "169.254.169.254", "fe80::1%eth0", "100.100.100.200", "fd00:ec2::254", "168.63.129.16", "0.0.0.0", "::",
    "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::ffff:169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("loopback", [False, True])
def test_only_addresses_that_are_meant_may_be_asked(private: bool, loopback: bool) -> None:
    def passed(address: str) -> bool:
        try:
            Addresses(private, loopback).check("host", address)
        except AddressRefused:
            return False
        return True

    assert all(passed(address) for address in PUBLIC)
    assert [passed(address) for address in PRIVATE] == [private] * len(PRIVATE)
    assert [passed(address) for address in LOOPBACK] == [loopback] * len(LOOPBACK)
    assert not [address for address in NEVER if passed(address)]


async def test_a_name_that_leads_to_this_machine_is_refused_and_an_unknown_one_tried_again() -> None:
    with pytest.raises(AddressRefused, match="this machine itself"):
        await Addresses(private=True).resolve("localhost", 5432)
    with pytest.raises(PlaceUnreachable, match="cannot be resolved"):
        await Addresses().resolve("no-such-host.invalid", 80)


def test_the_signature_is_that_of_the_published_example() -> None:
    """The GET example of "Authenticating Requests: Using the Authorization Header", Amazon S3 API reference."""
    signed = sign(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        KeyPair("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        "us-east-1",
        datetime(2013, 5, 24, tzinfo=UTC),
        {"Range": "bytes=0-9"},
    )
    assert signed["Authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_a_key_pair_hides_its_secret() -> None:
    assert "s3cr3t" not in repr(KeyPair("a", "s3cr3t"))


def test_xml_is_read_flat() -> None:
    content = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <url><loc>https://a.example/?a=1&amp;b=2</loc><x><loc>deep</loc></x></url><url/></urlset>"""
    root, elements = flat_xml.read(content, "it")
    assert root == "urlset"
    assert [element.children for element in elements] == [{"loc": "https://a.example/?a=1&b=2", "x": ""}, {}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a DTD"),
        (b"<a>" * 100, "nested more than"),
        (b"<a>", "not XML"),
        (b"\xff\xfe\x00", "not XML"),
        (b"", "not XML"),
    ],
)
def test_xml_that_means_harm_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(flat_xml.XmlInvalid, match=reason):
        flat_xml.read(content, "it")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "postgresql://host/db",
        "postgresql://u:p@host",
        "postgresql://u:pa55word@host:port/db",
        "sqlite:///etc/passwd",
        "postgresql:///db?host=/var/run",
        "postgresql://u:pa55word@host/db?passfile=/etc/passwd",
        "postgresql://u:pa55word@host/db?host=169.254.169.254",
        "mysql://u:pa55word@host/db?sslmode=maybe",
        "postgresql://u:pa55word@%2Fvar%2Frun/db",
    ],
)
def test_a_database_address_of_another_form_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(PlaceInvalid) as refused:
        sql_address.parse(text)
    assert "pa55word" not in str(refused.value)


def test_a_database_address_is_read() -> None:
    address = sql_address.parse("postgres://reader:p%40ss@db.shop:6432/erp?sslmode=verify-full\n")
    assert (address.server, address.host, address.port, address.user, address.password, address.database) == (
        "postgresql", "db.shop", 6432, "reader", "p@ss", "erp",
    )  # fmt: skip
    assert address.tls() is not None and "p@ss" not in repr(address) + address.shown
    assert sql_address.parse("mariadb://u:p@h/d").port == 3306


async def stream(rows: list[Mapping[str, object]]) -> AsyncIterator[sql_rows.Row]:
    for row in rows:
        yield row


def gathering(folder: Path) -> Gathering:
    shelf = Shelf(folder)
    shelf.objects.mkdir(parents=True)
    shelf.snapshots.mkdir(parents=True)
    return Gathering(shelf, Limits(), "settings")


async def test_rows_become_entries_that_both_readers_of_the_file_understand_alike(tmp_path: Path) -> None:
    found = gathering(tmp_path)
    rows: list[Mapping[str, object]] = [
        {
            "id": 7,
            "question": "能退货吗?",
            "answer": "七天内\u2028可以\x85。",
            "variants": '["怎么退", "退货"]',
            "tags": ["a", None],
        },
        {"id": "b/ä", "question": "Q", "answer": None, "variants": "one\ntwo", "valid_from": date(2026, 11, 1)},
    ]
    await sql_rows.faq(stream(rows), found)
    snapshot = found.snapshot(lambda: datetime(2026, 11, 20, tzinfo=UTC))
    texts = [(tmp_path / "objects" / file.sha256).read_text() for file in snapshot.files.values()]
    entries = {entry["question"]: entry for text in texts for entry in json.loads(text)}
    assert [plain_yaml.load(text) for text in texts] == [json.loads(text) for text in texts]
    assert entries["能退货吗?"] == {
        "id": "7", "question": "能退货吗?", "answer": "七天内\u2028可以\x85。", "variants": ["怎么退", "退货"], "tags": ["a"],
    }  # fmt: skip
    assert entries["Q"]["variants"] == ["one", "two"] and entries["Q"]["validFrom"] == "2026-11-01"
    assert len(entries["Q"]["id"]) == 20 and "answer" not in entries["Q"]


async def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(PlaceInvalid, match=r"no column answer \(it gives: id, question, text\)"):
        await sql_rows.faq(stream([{"id": 1, "question": "q", "text": "a"}]), gathering(tmp_path / "a"))
    with pytest.raises(PlaceInvalid, match="no column id or body"):
        await sql_rows.pages(stream([{"title": "q"}]), gathering(tmp_path / "b"))


async def test_rows_become_pages(tmp_path: Path) -> None:
    found = gathering(tmp_path)
    await sql_rows.pages(stream([{"id": "fit", "title": 'A "b":\nc', "body": "Text"}, {"id": 2, "body": None}]), found)
    snapshot = found.snapshot(lambda: datetime(2026, 11, 20, tzinfo=UTC))
    assert list(snapshot.files) == ["fit.md"] and snapshot.left_out[0].name == "2.md"
    text = (tmp_path / "objects" / snapshot.files["fit.md"].sha256).read_text()
    assert text == '---\ntitle: "A \\"b\\": c"\n---\nText'


def test_the_report_of_the_most_sources_fits_a_termination_message() -> None:
    sources = tuple(
        FetchedSource(
            name=f"{n:02}" + "s" * 61, digest="0" * 64, files=10_000, reason="PlaceUnreachable", message="地" * 1000, temporary=True
        )
        for n in range(16)
    )  # fmt: skip
    fitted = command.fit(FetchReport(sources=sources))
    assert termination.size(fitted) <= termination.MAX_BYTES
    assert [source.digest for source in fitted.sources] == ["0" * 64] * 16


def test_a_document_that_is_none_is_refused_by_the_field(tmp_path: Path) -> None:
    document = tmp_path / "fetch.json"
    document.write_text(
        json.dumps({"namespace": "n", "name": "i", "sources": [{"name": "s", "place": {"kind": "ftp"}}]})
    )
    log = tmp_path / "log"
    assert command.run(document, tmp_path / "v", log, loopback=False) == 65
    assert "sources.0.place" in log.read_text() and "IndexInvalid" in log.read_text()
    assert command.run(tmp_path / "none", tmp_path / "v", log, loopback=False) == 65


def test_documents_survive_json() -> None:
    written = Fetch.model_validate(
        {
            "namespace": "n",
            "name": "i",
            "sources": [{"name": "s", "place": {"kind": "git", "url": "https://a.example/r"}}],
        }
    )
    assert Fetch.model_validate_json(written.to_json()) == written
