"""From a fetch document's place to the code that visits it, with its secrets read from their mounted files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kefu_api.documents.fetch import FetchSource, GitPlace, HttpPlace, S3Place, SitemapPlace, SqlPlace
from kefu_api.s3.signature import KeyPair
from kefu_retrieval.errors import PlaceInvalid
from kefu_retrieval.places import sql_address
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.git import GitFiles
from kefu_retrieval.places.http import HttpFiles
from kefu_retrieval.places.place import Place
from kefu_retrieval.places.s3 import S3Objects
from kefu_retrieval.places.sitemap import Sitemap
from kefu_retrieval.places.sql import SqlRows
from kefu_retrieval.places.web import Web, open_session, origin_of

MAX_SECRET_BYTES = 64 * 1024


@asynccontextmanager
async def choose(source: FetchSource, folder: Path, loopback: bool) -> AsyncIterator[Place]:
    """The place of `source`, open until the context ends.

    Args:
        source: what to visit.
        folder: the source's own, for what a place keeps between fetches.
        loopback: whether this machine's own addresses may be asked (tests and local mode).

    Raises:
        PlaceInvalid: a secret's file cannot be read, or settings contradict each other.
    """
    match source.place:
        case HttpPlace() as place:
            secret = _secret(place.authorization_file)
            if secret and len({origin_of(url) for url in place.urls}) > 1:
                raise PlaceInvalid(
                    "the addresses have several hosts, but one Authorization; make a source of each host"
                )
            async with open_session(Addresses(place.private, loopback)) as session:
                yield HttpFiles(place, Web(session), secret)
        case SitemapPlace() as place:
            async with open_session(Addresses(place.private, loopback)) as session:
                yield Sitemap(place, Web(session))
        case S3Place() as place:
            async with open_session(Addresses(private=True, loopback=loopback)) as session:
                yield S3Objects(place, session, _keys(place))
        case GitPlace() as place:
            yield GitFiles(place, folder, Addresses(place.private, loopback), _secret(place.password_file))
        case SqlPlace() as place:
            address = sql_address.parse(_secret(place.dsn_file) or "")
            yield SqlRows(place, address, Addresses(private=True, loopback=loopback))


def _keys(place: S3Place) -> KeyPair | None:
    access, secret = _secret(place.access_key_file), _secret(place.secret_key_file)
    if (access is None) != (secret is None):
        raise PlaceInvalid("one of access key and secret key is missing; give both, or neither for a public bucket")
    return KeyPair(access, secret) if access and secret else None


def _secret(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        text = Path(file).read_bytes()[:MAX_SECRET_BYTES].decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PlaceInvalid(f"the secret file {file} cannot be read; mount it, or correct its name") from error
    if not text or "\n" in text or "\r" in text:
        raise PlaceInvalid(f"the secret file {file} is empty or has several lines; write the secret alone into it")
    return text
