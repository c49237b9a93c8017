"""The sitemap place: the pages a site lists for robots, asked for politely and only where they have changed.

Sitemaps as sitemaps.org has them (indexes, gzip); robots.txt as RFC 9309 has it: absent, everything is allowed; a fault
of the server forbids everything, so the fetch is tried again later.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from kefu_api import flat_xml
from kefu_api.documents.fetch import SitemapPlace
from kefu_retrieval.errors import AddressRefused, PlaceForbidden, PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places import names
from kefu_retrieval.places.gathering import Gathering
from kefu_retrieval.places.http import fetch_page
from kefu_retrieval.places.web import AGENT, Web, origin_of, read_bounded, shown

MAX_SITEMAPS = 50
MAX_SITEMAP_BYTES = 50 * 1024**2
"""Of one sitemap, unpacked; the limit of the protocol."""
MAX_ROBOTS_BYTES = 500 * 1024
"""RFC 9309, 2.5: at least this much must be read."""
AT_ONCE = 4
"""Pages asked for at a time, where robots.txt sets no pause."""
MAX_PAUSE = 30.0
"""Seconds; a longer Crawl-delay counts as this."""
FAILED_SHARE = 0.2
"""Where more pages than this fail for the moment, the site is in trouble and the fetch fails as a whole."""


@dataclass(frozen=True)
class Listed:
    """A page of the sitemap."""

    url: str
    changed: str | None
    """Its lastmod, as written."""


class Sitemap:
    """Fetches the listed pages of the sitemap's own host."""

    def __init__(
        self, place: SitemapPlace, web: Web, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._place = place
        self._web = web
        self._sleep = sleep
        self._troubled = 0

    async def fetch(self, gathering: Gathering) -> None:
        """As `Place.fetch`."""
        robots = await self._robots()
        pages = [page for page in await self._pages(gathering) if self._admits(robots, page, gathering)]
        # Those beyond the limit are left out with a reason, but not asked for.
        for page in pages[gathering.limits.files :]:
            gathering.leave_out(names.of_url(page.url), f"beyond {gathering.limits.files} files; narrow the source")
        wanted = pages[: gathering.limits.files]
        self._troubled = 0
        pause = min(float(robots.crawl_delay(AGENT) or 0), MAX_PAUSE)
        gate = asyncio.Semaphore(1 if pause else AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                for page in wanted:
                    group.create_task(self._in_turn(gate, pause, gathering, page))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        if self._troubled > max(1, FAILED_SHARE * len(wanted)):
            raise PlaceUnreachable(
                f"{self._troubled} of {len(wanted)} pages of {shown(self._place.url)} do not answer; it is tried again"
            )

    async def _in_turn(self, gate: asyncio.Semaphore, pause: float, gathering: Gathering, page: Listed) -> None:
        async with gate:
            held = gathering.known_by_url(page.url)
            if held and page.changed and held[1].listed == page.changed:
                gathering.keep(held[0])
                return
            await self._page(gathering, page)
            if pause:
                await self._sleep(pause)

    async def _page(self, gathering: Gathering, page: Listed) -> None:
        try:
            await fetch_page(self._web, gathering, page.url, stay=True, listed=page.changed)
        except PlaceUnreachable as error:
            self._troubled += 1
            held = gathering.known_by_url(page.url)
            if not (held and gathering.keep(held[0])):
                gathering.leave_out(names.of_url(page.url), str(error))
        except (PlaceMissing, PlaceForbidden, PlaceInvalid, AddressRefused) as error:
            gathering.leave_out(names.of_url(page.url), str(error))

    async def _robots(self) -> RobotFileParser:
        parser = RobotFileParser()
        try:
            async with self._web.get(urljoin(self._place.url, "/robots.txt")) as response:
                parser.parse((await read_bounded(response, MAX_ROBOTS_BYTES)).decode(errors="replace").splitlines())
        except (PlaceMissing, PlaceForbidden, PlaceInvalid):
            parser.parse([])
        parser.modified()
        return parser

    async def _pages(self, gathering: Gathering) -> Iterable[Listed]:
        """Every listed page, once; sitemaps beyond the bounds are left out with a reason."""
        waiting, seen, found = [self._place.url], {self._place.url}, dict[str, Listed]()
        while waiting:
            url = waiting.pop(0)
            content = await self._sitemap(url)
            try:
                root, elements = flat_xml.read(content, shown(url))
            except flat_xml.XmlInvalid as error:
                raise PlaceInvalid(str(error)) from error
            if root not in ("urlset", "sitemapindex"):
                raise PlaceInvalid(f"{shown(url)} is no sitemap: its root is <{root[:50]}>; name the sitemap's address")
            for element in elements:
                there = urljoin(url, element.children.get("loc", "").strip())
                if root == "urlset":
                    found.setdefault(there, Listed(there, element.children.get("lastmod", "").strip() or None))
                elif there not in seen and self._follows(there, len(seen), gathering):
                    seen.add(there)
                    waiting.append(there)
        return found.values()

    def _follows(self, url: str, seen: int, gathering: Gathering) -> bool:
        if seen >= MAX_SITEMAPS:
            gathering.leave_out(
                names.of_url(url), f"beyond {MAX_SITEMAPS} sitemaps; name one of them as its own source"
            )
        elif not self._is_ours(url):
            gathering.leave_out(names.of_url(url), "a sitemap of another host; name it as its own source")
        else:
            return True
        return False

    async def _sitemap(self, url: str) -> bytes:
        async with self._web.get(url, stay=True) as response:
            body = await read_bounded(response, MAX_SITEMAP_BYTES)
        return _unpacked(body, url) if body.startswith(b"\x1f\x8b") else body

    def _admits(self, robots: RobotFileParser, page: Listed, gathering: Gathering) -> bool:
        path = urlsplit(page.url).path or "/"
        place = self._place
        if (place.include and not path.startswith(place.include)) or path.startswith(place.exclude):
            return False
        if not self._is_ours(page.url):
            gathering.leave_out(names.of_url(page.url), "a page of another host; name it as its own source")
            return False
        if not robots.can_fetch(AGENT, page.url):
            gathering.leave_out(names.of_url(page.url), "the site's robots.txt forbids it")
            return False
        return True

    def _is_ours(self, url: str) -> bool:
        try:
            return origin_of(url)[1:] == origin_of(self._place.url)[1:]
        except PlaceInvalid:
            return False


def _unpacked(body: bytes, url: str) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, MAX_SITEMAP_BYTES + 1)
    except zlib.error as error:
        raise PlaceInvalid(f"{shown(url)} is no gzip file: {error}") from error
    if len(plain) > MAX_SITEMAP_BYTES:
        raise PlaceInvalid(f"{shown(url)} is longer than {MAX_SITEMAP_BYTES} bytes unpacked; split it")
    return plain
