"""Objects of a real S3 server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu_api.documents.fetch import FetchSource, Limits, S3Place
from kefu_api.s3.signature import KeyPair
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.place import fetch
from kefu_retrieval.places.s3 import S3Objects
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.places.web import open_session
from tests.integration.test_places.servers import Bucket, s3_server
from tests.integration.test_places.site import Page, serving
from tests.integration.test_places.world import bring, left_out, seen


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_server() as found:
        yield found


def of(server: Bucket, folder: Path, **settings: str) -> S3Place:
    folder.mkdir(exist_ok=True)
    (folder / "access").write_text(settings.pop("access", server.access))
    (folder / "secret").write_text(settings.pop("secret", server.secret))
    return S3Place(
        endpoint=server.endpoint,
        bucket=settings.pop("bucket", server.name),
        access_key_file=str(folder / "access"),
        secret_key_file=str(folder / "secret"),
        **settings,
    )


async def test_objects_follow_their_prefix_and_only_changed_ones_travel(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("handbook/returns.md", b"seven days")
    bucket.put("handbook/%E9%80%80%20%E8%B4%A7%2B%26/fit%3D1.md", "七天".encode())
    bucket.put("other/x.md", b"x")
    place = of(bucket, tmp_path / "keys", prefix="handbook/")
    first = await bring(tmp_path, place)
    assert first.reason is None, first.message
    assert seen(tmp_path) == {"returns.md": "seven days", "退 货+&/fit=1.md": "七天"} and first.received == 2
    assert (await bring(tmp_path, place)).received == 0
    bucket.put("handbook/returns.md", b"14 days")
    bucket.put("handbook/new.md", b"new")
    bucket.delete("handbook/%E9%80%80%20%E8%B4%A7%2B%26/fit%3D1.md")
    again = await bring(tmp_path, place)
    assert again.received == 2 and seen(tmp_path) == {"returns.md": "14 days", "new.md": "new"}


async def test_a_listing_of_several_pages_is_read_to_its_end(bucket: Bucket, tmp_path: Path) -> None:
    wanted = {f"d{n // 10}/f{n}.md" for n in range(25)}
    for name in wanted:
        bucket.put(name, name.encode())
    place, shelf = of(bucket, tmp_path / "keys"), Shelf(tmp_path / "s")
    async with open_session(Addresses(loopback=True)) as session:
        objects = S3Objects(place, session, KeyPair(bucket.access, bucket.secret), page=10)
        fetched = await fetch(FetchSource(name="s", place=place), objects, shelf)
    assert set(fetched.snapshot.files) == wanted


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"secret": "wrong"}, "PlaceForbidden"),
        ({"access": "nobody"}, "PlaceMissing"),  # as versitygw tells it; others answer 403
        ({"bucket": "nothing-there"}, "PlaceMissing"),
        ({"prefix": "nothing/"}, "PlaceMissing"),
    ],
)
async def test_what_is_wrong_is_told(bucket: Bucket, tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    bucket.put("a.md", b"a")
    failed = await bring(tmp_path, of(bucket, tmp_path / "keys", **settings))
    assert (failed.reason, failed.temporary) == (reason, False), failed.message
    assert bucket.secret not in (failed.message or "")


async def test_limits_hold(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("large.md", b"x" * 5000)
    bucket.put("small.md", b"s")
    await bring(tmp_path, of(bucket, tmp_path / "keys"), Limits(file_bytes=1000))
    assert set(seen(tmp_path)) == {"small.md"} and "larger than" in left_out(tmp_path)["large.md"]


async def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with s3_server() as gone:
        place = of(gone, tmp_path / "keys")
    failed = await bring(tmp_path, place)
    assert (failed.reason, failed.temporary) == ("PlaceUnreachable", True)


async def test_what_is_no_s3_server_is_told(tmp_path: Path) -> None:
    async with serving() as site:
        site.pages["/docs?encoding-type=url&list-type=2&max-keys=1000&prefix="] = Page(b"<html/>")
        failed = await bring(tmp_path, S3Place(endpoint=site.url, bucket="docs"))
    assert failed.reason == "PlaceInvalid" and "no S3 server" in (failed.message or "")
