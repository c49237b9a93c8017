"""The S3 place: the objects below a prefix, listed each time and transferred where their ETag has changed."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
from yarl import URL

from kefu_api.documents.fetch import S3Place
from kefu_api.s3.listing import MAX_BYTES, PAGE, Listed, NotAListing, error_code, page_query, read_page
from kefu_api.s3.signature import KeyPair, encode, query_of, sign
from kefu_retrieval.errors import PlaceForbidden, PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.gathering import About, Gathering
from kefu_retrieval.places.place import utc_now
from kefu_retrieval.places.web import PIECE, read_bounded, shown, translated

MAX_ERROR_BYTES = 64 * 1024

_FORBIDDEN = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AccountProblem"}
)
_MISSING = frozenset({"NoSuchBucket", "NoSuchKey"})


class S3Objects:
    """Reads one bucket, path-style, which every server understands."""

    def __init__(
        self,
        place: S3Place,
        session: aiohttp.ClientSession,
        keys: KeyPair | None,
        now: Callable[[], datetime] = utc_now,
        page: int = PAGE,
    ) -> None:
        """`page`: how many objects a listing is asked for at a time."""
        self._place = place
        self._session = session
        self._keys = keys
        self._now = now
        self._page = page
        self._base = f"{place.endpoint.rstrip('/')}/{encode(place.bucket)}"

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`."""
        async for found in self._objects():
            name = found.key.removeprefix(self._folder())
            if name.endswith("/"):
                continue  # a console's sign for an empty folder
            held = gathering.known(name)
            if held and held.mark == found.etag and gathering.keep(name):
                continue
            if gathering.admits(name, found.size):
                await self._receive(gathering, name, found)

    def _folder(self) -> str:
        """What names leave out: the prefix up to its last slash."""
        return self._place.prefix[: self._place.prefix.rfind("/") + 1]

    async def _receive(self, gathering: Gathering, name: str, found: Listed) -> None:
        url = f"{self._base}/{encode(found.key, safe='/')}"
        try:
            async with self._get(url, {"If-Match": f'"{found.etag}"'}) as response:
                await gathering.receive(name, response.content.iter_chunked(PIECE), About(mark=found.etag))
        except PlaceMissing:
            gathering.leave_out(name, "it was removed while the bucket was read")

    async def _objects(self) -> AsyncIterator[Listed]:
        """Every object below the prefix, page by page (ListObjectsV2)."""
        token: str | None = None
        while True:
            query = query_of(page_query(self._place.prefix, token, self._page))
            async with self._get(f"{self._base}?{query}") as response:
                content = await read_bounded(response, MAX_BYTES)
            try:
                page = read_page(content, f"the listing of bucket {self._place.bucket}")
            except NotAListing as error:
                raise PlaceInvalid(f"{error}; correct the source's endpoint") from error
            for found in page.objects:
                yield found
            token = page.next
            if token is None:
                return

    @asynccontextmanager
    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if self._keys:
            sent = sign(url, self._keys, self._place.region, self._now(), sent)
        async with (
            translated(url),
            # The signature is over the address as it is written here.
            self._session.get(URL(url, encoded=True), headers=sent, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise await self._failure(url, response)
            yield response

    async def _failure(self, url: str, response: aiohttp.ClientResponse) -> Exception:
        code = await _code(response)
        said = f"{shown(url)} answers {response.status}{f' {code}' if code else ''}"
        if code in _FORBIDDEN or response.status in (401, 403):
            return PlaceForbidden(f"{said}; correct the source's access key and secret key, or the bucket's policy")
        if code in _MISSING or response.status == 404:
            return PlaceMissing(f"{said}; correct the bucket's name")
        if response.status == 412:
            return PlaceUnreachable(f"{said}: the object was replaced while the bucket was read; it is tried again")
        if response.status >= 500 or response.status in (408, 425, 429):
            return PlaceUnreachable(f"{said}; it is tried again")
        return PlaceInvalid(f"{said}; correct the source's endpoint and region")


async def _code(response: aiohttp.ClientResponse) -> str:
    """The error's code, such as NoSuchBucket; empty where the answer is none of S3's."""
    try:
        return error_code(await read_bounded(response, MAX_ERROR_BYTES))
    except PlaceInvalid:
        return ""
