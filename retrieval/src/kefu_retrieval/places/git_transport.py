"""A Git server over HTTP: which commit a ref names, and the objects that are missing, in bounds."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
import urllib3.exceptions

from kefu_api.documents.fetch import GitPlace
from kefu_retrieval.errors import PlaceForbidden, PlaceInvalid, PlaceMissing, PlaceUnreachable
from kefu_retrieval.places.addresses import Addresses
from kefu_retrieval.places.guarded_urllib3 import guarded_pool
from kefu_retrieval.places.web import CONNECT_SECONDS, SILENCE_SECONDS, origin_of, shown

if TYPE_CHECKING:
    from dulwich.client import Urllib3HttpGitClient
    from dulwich.objects import ObjectID
    from dulwich.refs import Ref
    from dulwich.repo import Repo

MAX_REDIRECTS = 3


class Remote:
    """One repository on a server. Blocking: to be called in a thread; `stop` ends a transfer."""

    def __init__(
        self, place: GitPlace, addresses: Addresses, password: str | None, limit: int, stop: threading.Event
    ) -> None:
        """`limit`: bytes of one pack."""
        self._place = place
        self._addresses = addresses
        self._password = password
        self._limit = limit
        self._stop = stop

    def commit(self) -> "ObjectID":
        """The object that the ref names now.

        Raises:
            PlaceMissing: there is no such repository or ref.
            RetrievalError: others as `_translated`.
        """
        from dulwich.refs import Ref as RefName

        with self._client() as (client, path):
            found = client.get_refs(path)
        refs, place = found.refs, self._place
        wanted = place.ref or "HEAD"
        for name in (f"refs/heads/{wanted}", f"refs/tags/{wanted}", wanted):
            sha = refs.get(RefName(name.encode()))
            if sha:
                return sha
        raise PlaceMissing(f"{shown(place.url)} has no branch or tag {wanted}; correct the source's ref")

    def pack(self, repository: "Repo", commit: "ObjectID", write: Callable[[bytes], int]) -> None:
        """Send what `repository` lacks of `commit` (its files, not its history) to `write`.

        Raises:
            PlaceInvalid: it is longer than the limit.
            RetrievalError: others as `_translated`.
        """
        received = 0

        def wanted(refs: "Mapping[Ref, ObjectID]", depth: int | None = None) -> list["ObjectID"]:
            return [commit]

        def bounded(piece: bytes) -> int:
            nonlocal received
            received += len(piece)
            if received > self._limit:
                raise PlaceInvalid(
                    f"{shown(self._place.url)} sends more than {self._limit // 1024**2} MiB; use a smaller repository"
                )
            if self._stop.is_set():
                raise PlaceUnreachable("the fetch has ended")
            return write(piece)

        with self._client() as (client, path):
            result = client.fetch_pack(
                path,
                wanted,
                repository.get_graph_walker(),
                bounded,
                depth=1,
            )
        repository.update_shallow(result.new_shallow, result.new_unshallow)

    @contextmanager
    def _client(self) -> Iterator[tuple["Urllib3HttpGitClient", str]]:
        from dulwich.client import Urllib3HttpGitClient

        url = self._place.url
        origin_of(url)
        split = urlsplit(url)
        pool = guarded_pool(
            self._addresses,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS),
            retries=urllib3.Retry(total=MAX_REDIRECTS, connect=0, read=0, other=0, status=0, redirect=MAX_REDIRECTS),
        )
        base = f"{split.scheme}://{split.netloc}/"
        client = Urllib3HttpGitClient(
            base,
            pool_manager=pool,
            username=self._place.username or ("git" if self._password else None),
            password=self._password,
        )
        with pool, self._translated():
            yield client, split.path

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say the failures of dulwich and urllib3 in our words."""
        from dulwich.client import HTTPUnauthorized
        from dulwich.errors import GitProtocolError, HangupException, NotGitRepository

        where = shown(self._place.url)
        try:
            yield
        except HTTPUnauthorized as error:
            raise PlaceForbidden(f"{where} refuses the credentials or wants some; correct the source's") from error
        except NotGitRepository as error:
            raise PlaceMissing(f"{where} is no Git repository; correct the address") from error
        except (HangupException, urllib3.exceptions.HTTPError, OSError) as error:
            raise PlaceUnreachable(f"{where} does not answer: {error}; it is tried again") from error
        except GitProtocolError as error:
            raise _protocol(where, error) from error


def _protocol(where: str, error: Exception) -> PlaceForbidden | PlaceUnreachable:
    if "http resp 403" in str(error):
        return PlaceForbidden(f"{where} answers 403; correct the source's credentials")
    return PlaceUnreachable(f"{where} cannot be read: {error}; it is tried again")
