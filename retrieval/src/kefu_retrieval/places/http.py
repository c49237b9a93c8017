"""The http place: a few files by their addresses, each transferred only when it has changed."""

import aiohttp

from kefu_api.documents.fetch import HttpPlace
from kefu_retrieval.errors import PlaceMissing
from kefu_retrieval.places import names
from kefu_retrieval.places.gathering import About, Gathering
from kefu_retrieval.places.snapshot import File
from kefu_retrieval.places.web import PIECE, Web


class HttpFiles:
    """Fetches each address by itself; one that is gone is left out, one that does not answer fails the fetch."""

    def __init__(self, place: HttpPlace, web: Web, authorization: str | None = None) -> None:
        self._place = place
        self._web = web
        self._authorization = authorization

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`."""
        for url in dict.fromkeys(self._place.urls):
            try:
                await fetch_page(self._web, gathering, url, authorization=self._authorization)
            except PlaceMissing as error:
                gathering.leave_out(names.of_url(url), str(error))


async def fetch_page(
    web: Web,
    gathering: Gathering,
    url: str,
    *,
    authorization: str | None = None,
    stay: bool = False,
    listed: str | None = None,
) -> None:
    """Bring one page up to date, asking for it only if it has changed (RFC 9110, 13.1).

    Args:
        web: the guarded client.
        gathering: where the page goes.
        url: its address.
        authorization: as `Web.get`.
        stay: as `Web.get`.
        listed: what a listing told of it.

    Raises:
        RetrievalError: as `Web.get`.
    """
    held = gathering.known_by_url(url)
    async with web.get(url, _conditions(held[1]) if held else {}, authorization, stay) as response:
        if "noindex" in response.headers.get("X-Robots-Tag", "").lower():
            gathering.leave_out(names.of_url(url), "the site asks not to index it (X-Robots-Tag: noindex)")
        elif response.status == 304 and held:
            gathering.keep(held[0])
        else:
            await _receive(gathering, url, response, listed)


async def _receive(gathering: Gathering, url: str, response: aiohttp.ClientResponse, listed: str | None) -> None:
    name = names.of_url(url, response.headers.get("Content-Type"))
    if gathering.admits(name, response.content_length):
        about = About(
            mark=response.headers.get("ETag"),
            modified=response.headers.get("Last-Modified"),
            listed=listed,
            url=url,
        )
        await gathering.receive(name, response.content.iter_chunked(PIECE), about)


def _conditions(file: File) -> dict[str, str]:
    if file.mark:
        return {"If-None-Match": file.mark}
    return {"If-Modified-Since": file.modified} if file.modified else {}
