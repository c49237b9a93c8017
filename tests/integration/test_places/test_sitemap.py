"""Crawling a site by its sitemap."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kefu_api.documents.fetch import Limits, SitemapPlace
from tests.integration.test_places.site import Page, Site, serving
from tests.integration.test_places.world import bring, left_out, seen


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as found:
        yield found


def listing(*entries: tuple[str, str | None], root: str = "urlset", item: str = "url") -> str:
    items = "".join(
        f"<{item}><loc>{url}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</{item}>"
        for url, changed in entries
    )
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</{root}>'


def publish(site: Site, *paths: str, changed: str | None = None) -> None:
    for path in paths:
        site.put(path, f"page {path}")
    site.put("/sitemap.xml", listing(*((f"{site.url}{path}", changed) for path in paths)), "application/xml")


def of(site: Site, **settings: object) -> SitemapPlace:
    return SitemapPlace.model_validate({"url": f"{site.url}/sitemap.xml", **settings})


async def test_pages_are_crawled_once_and_then_only_where_they_changed(site: Site, tmp_path: Path) -> None:
    publish(site, "/help/a", "/help/b", "/")
    first = await bring(tmp_path, of(site))
    assert set(seen(tmp_path)) == {"help/a.html", "help/b.html", "index.html"} and first.received == 3
    site.put("/help/b", "new")
    again = await bring(tmp_path, of(site))
    assert again.received == 1 and site.sent["/help/a"] == 1 and seen(tmp_path)["help/b.html"] == "new"


async def test_pages_whose_lastmod_stands_are_not_even_asked_for(site: Site, tmp_path: Path) -> None:
    publish(site, "/a", "/b", changed="2026-11-01")
    await bring(tmp_path, of(site))
    await bring(tmp_path, of(site))
    assert (site.asked["/a"], site.asked["/b"]) == (1, 1)
    publish(site, "/a", changed="2026-11-02")
    await bring(tmp_path, of(site))
    assert site.asked["/a"] == 2 and set(seen(tmp_path)) == {"a.html"}


async def test_robots_txt_is_obeyed(site: Site, tmp_path: Path) -> None:
    publish(site, "/open", "/closed/a")
    site.put("/robots.txt", "User-agent: *\nDisallow: /closed/\n", "text/plain")
    await bring(tmp_path, of(site))
    assert set(seen(tmp_path)) == {"open.html"} and "robots.txt forbids" in left_out(tmp_path)["closed/a"]
    assert not site.asked["/closed/a"]


async def test_a_robots_txt_that_cannot_be_read_forbids_everything_for_now(site: Site, tmp_path: Path) -> None:
    publish(site, "/a")
    site.pages["/robots.txt"] = Page(b"", status=500)
    failed = await bring(tmp_path, of(site))
    assert failed.reason == "PlaceUnreachable" and failed.temporary and not site.asked["/a"]


async def test_other_hosts_are_left_alone(site: Site, tmp_path: Path) -> None:
    async with serving() as other:
        other.put("/b", "b")
        site.put("/a", "a")
        site.pages["/away"] = Page(b"", {"Location": f"{other.url.replace('127.0.0.1', 'localhost')}/b"}, status=302)
        listed = [(f"{site.url}/a", None), (f"{other.url}/b", None), (f"{site.url}/away", None)]
        site.put("/sitemap.xml", listing(*listed), "application/xml")
        await bring(tmp_path, of(site))
        assert not other.asked
    assert set(seen(tmp_path)) == {"a.html"}
    assert "another host" in left_out(tmp_path)["b"] and "another host" in left_out(tmp_path)["away"]


async def test_indexes_and_packed_sitemaps_are_followed(site: Site, tmp_path: Path) -> None:
    site.put("/a", "a")
    site.put("/part.xml.gz", gzip.compress(listing((f"{site.url}/a", None)).encode()), "application/gzip")
    parts = [(f"{site.url}/part.xml.gz", None), (f"{site.url}/sitemap.xml", None), ("http://other.example/s.xml", None)]
    site.put("/sitemap.xml", listing(*parts, root="sitemapindex", item="sitemap"), "application/xml")
    await bring(tmp_path, of(site))
    assert set(seen(tmp_path)) == {"a.html"} and "another host" in left_out(tmp_path)["s.xml"]


async def test_a_sitemap_that_unpacks_without_end_is_refused(site: Site, tmp_path: Path) -> None:
    site.put("/sitemap.xml", gzip.compress(b" " * 60_000_000, 9), "application/gzip")
    failed = await bring(tmp_path, of(site))
    assert failed.reason == "PlaceInvalid" and "unpacked" in (failed.message or "")


async def test_only_the_wanted_part_of_a_site_is_read(site: Site, tmp_path: Path) -> None:
    publish(site, "/help/a", "/help/old/b", "/shop/c")
    await bring(tmp_path, of(site, include=["/help/"], exclude=["/help/old/"]))
    assert set(seen(tmp_path)) == {"help/a.html"} and not site.asked["/shop/c"]


async def test_a_crawl_stops_at_its_limit(site: Site, tmp_path: Path) -> None:
    publish(site, *(f"/p{n}" for n in range(10)))
    fetched = await bring(tmp_path, of(site), Limits(files=4))
    assert (fetched.files, fetched.left_out) == (4, 6) and sum(site.sent.values()) == 5


async def test_one_page_in_trouble_keeps_its_last_state(site: Site, tmp_path: Path) -> None:
    publish(site, *(f"/p{n}" for n in range(10)))
    before = await bring(tmp_path, of(site))
    site.pages["/p3"] = Page(b"", status=503)
    assert (await bring(tmp_path, of(site))).digest == before.digest


async def test_a_site_in_trouble_fails_as_a_whole(site: Site, tmp_path: Path) -> None:
    publish(site, *(f"/p{n}" for n in range(10)))
    before = await bring(tmp_path, of(site))
    for n in range(5):
        site.pages[f"/p{n}"] = Page(b"", status=503)
    failed = await bring(tmp_path, of(site))
    assert failed.reason == "PlaceUnreachable" and failed.digest == before.digest


@pytest.mark.parametrize("body", ["<html></html>", "no xml", '<!DOCTYPE x [<!ENTITY a "b">]><urlset/>'])
async def test_what_is_no_sitemap_is_refused(site: Site, tmp_path: Path, body: str) -> None:
    site.put("/sitemap.xml", body)
    failed = await bring(tmp_path, of(site))
    assert failed.reason == "PlaceInvalid" and not failed.temporary
