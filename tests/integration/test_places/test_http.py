"""Single pages over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kefu_api.documents.fetch import HttpPlace, Limits
from tests.integration.test_places.site import Page, Site, serving
from tests.integration.test_places.world import bring, current, left_out, seen


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as found:
        yield found


def at(site: Site, *paths: str, authorization_file: Path | None = None) -> HttpPlace:
    return HttpPlace(
        urls=tuple(f"{site.url}{path}" for path in paths),
        authorization_file=str(authorization_file) if authorization_file else None,
    )


async def test_only_what_changed_is_sent(site: Site, tmp_path: Path) -> None:
    site.put("/faq", "one", "text/markdown")
    site.put("/fit.html", "two")
    place = at(site, "/faq", "/fit.html")
    first = await bring(tmp_path, place)
    assert (first.files, first.received) == (2, 2) and seen(tmp_path) == {"faq.md": "one", "fit.html": "two"}
    again = await bring(tmp_path, place)
    assert (again.received, again.digest) == (0, first.digest) and site.sent == {"/faq": 1, "/fit.html": 1}
    site.put("/faq", "new", "text/markdown")
    changed = await bring(tmp_path, place)
    assert changed.received == 1 and changed.digest != first.digest and site.sent["/fit.html"] == 1
    assert seen(tmp_path)["faq.md"] == "new"


async def test_a_scheduled_source_is_asked_again_when_its_time_has_come_since(site: Site, tmp_path: Path) -> None:
    site.put("/faq", "one", "text/markdown")
    place = at(site, "/faq")
    first = await bring(tmp_path, place, schedule="0 0 29 2 *")
    assert first.early is None and site.sent == {"/faq": 1}
    site.put("/faq", "new", "text/markdown")
    early = await bring(tmp_path, place, schedule="0 0 29 2 *")
    assert early.early and early.digest == first.digest
    due = await bring(tmp_path, place, schedule="* * * * *")
    assert due.early is None and due.digest != first.digest


async def test_a_server_with_dates_alone_is_asked_by_date(site: Site, tmp_path: Path) -> None:
    site.pages["/a.md"] = Page(b"x", {"Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}, conditional=False)
    await bring(tmp_path, at(site, "/a.md"))
    await bring(tmp_path, at(site, "/a.md"))
    assert site.headers["/a.md"]["If-Modified-Since"] == "Fri, 20 Nov 2026 10:00:00 GMT"


async def test_a_page_that_is_gone_disappears_with_the_reason(site: Site, tmp_path: Path) -> None:
    site.put("/a.md", "a")
    site.put("/b.md", "b")
    await bring(tmp_path, at(site, "/a.md", "/b.md"))
    del site.pages["/b.md"]
    await bring(tmp_path, at(site, "/a.md", "/b.md"))
    assert seen(tmp_path) == {"a.md": "a"} and "answers 404" in left_out(tmp_path)["b.md"]


@pytest.mark.parametrize(
    ("status", "reason", "temporary"),
    [(503, "PlaceUnreachable", True), (429, "PlaceUnreachable", True), (401, "PlaceForbidden", False), (400, "PlaceInvalid", False)],
)  # fmt: skip
async def test_a_failure_keeps_what_was_there(
    site: Site, tmp_path: Path, status: int, reason: str, temporary: bool
) -> None:
    site.put("/a.md", "a")
    good = await bring(tmp_path, at(site, "/a.md"))
    site.pages["/a.md"] = Page(b"", status=status)
    bad = await bring(tmp_path, at(site, "/a.md"))
    assert (bad.reason, bad.temporary, bad.digest) == (reason, temporary, good.digest)
    assert seen(tmp_path) == {"a.md": "a"}


async def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    async with serving() as gone:
        place = at(gone, "/a.md")
    failed = await bring(tmp_path, place)
    assert (failed.reason, failed.temporary, failed.digest) == ("PlaceUnreachable", True, None)


async def test_a_body_that_is_too_large_is_left_out_whether_it_is_announced_or_not(site: Site, tmp_path: Path) -> None:
    site.put("/small.md", "s")
    site.put("/large.md", b"x" * 100_000)
    await bring(tmp_path, at(site, "/small.md", "/large.md"), Limits(file_bytes=1000))
    assert "larger than" in left_out(tmp_path)["large.md"] and set(seen(tmp_path)) == {"small.md"}


async def test_the_authorization_stays_with_its_origin(site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Bearer s3cr3t\n")
    async with serving() as other:
        other.put("/there.md", "there")
        site.pages["/here.md"] = Page(b"", {"Location": f"{other.url}/there.md"}, status=302)
        await bring(tmp_path, at(site, "/here.md", authorization_file=secret))
        assert site.headers["/here.md"]["Authorization"] == "Bearer s3cr3t"
        assert "Authorization" not in other.headers["/there.md"]
    assert seen(tmp_path) == {"here.md": "there"}
    assert "s3cr3t" not in current(tmp_path).model_dump_json()


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/", "http://2130706433/", "file:///etc/passwd", ""],
)  # fmt: skip
async def test_a_redirect_leads_nowhere_that_must_not_be_asked(site: Site, tmp_path: Path, target: str) -> None:
    site.pages["/a.md"] = Page(b"", {"Location": target}, status=302)
    failed = await bring(tmp_path, at(site, "/a.md"))
    assert failed.reason in ("AddressRefused", "PlaceInvalid") and not failed.temporary


async def test_redirects_in_a_circle_end(site: Site, tmp_path: Path) -> None:
    site.pages["/a.md"] = Page(b"", {"Location": "/a.md"}, status=302)
    failed = await bring(tmp_path, at(site, "/a.md"))
    assert failed.reason == "PlaceInvalid" and site.asked["/a.md"] == 6


async def test_without_permission_this_machine_is_not_asked(site: Site, tmp_path: Path) -> None:
    site.put("/a.md", "a")
    failed = await bring(tmp_path, at(site, "/a.md"), loopback=False)
    assert failed.reason == "AddressRefused" and not site.asked


async def test_a_site_that_asks_not_to_be_indexed_is_not(site: Site, tmp_path: Path) -> None:
    site.put("/a.md", "a", **{"X-Robots-Tag": "noindex"})
    site.put("/b.md", "b")
    await bring(tmp_path, at(site, "/a.md", "/b.md"))
    assert set(seen(tmp_path)) == {"b.md"} and "noindex" in left_out(tmp_path)["a.md"]
