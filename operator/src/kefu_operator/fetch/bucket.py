"""An S3 bucket as a source of models: where its objects are, and which lie below a prefix."""

from dataclasses import dataclass, replace

from kefu_api.s3.listing import MAX_BYTES, Listed, NotAListing, page_query, read_page
from kefu_api.s3.signature import KeyPair, encode, query_of
from kefu_operator.fetch.errors import NotFound, Unreachable, UriInvalid
from kefu_operator.fetch.http import Web, read_bounded, shown
from kefu_operator.fetch.uri import is_safe_path

MAX_OBJECTS = 10_000
"""Of one model."""


@dataclass(frozen=True)
class Server:
    """An S3 server, and who asks it."""

    endpoint: str
    """Base URL; the bucket goes into the path, which every server understands."""
    region: str = "us-east-1"
    keys: KeyPair | None = None

    def url(self, bucket: str, key: str = "") -> str:
        """Address of an object, or of the bucket."""
        base = f"{self.endpoint.rstrip('/')}/{encode(bucket)}"
        return f"{base}/{encode(key, safe='/')}" if key else base


async def list_folder(web: Web, server: Server, bucket: str, prefix: str) -> tuple[Listed, ...]:
    """Every object below `prefix`, which ends in a slash; the keys without it.

    Raises:
        NotFound: no such bucket, or nothing below the prefix.
        UriInvalid: more objects than a model has, or names that cannot be files.
        Forbidden, Unreachable: as `Web.get`; also for an answer that is no listing.
    """
    found: list[Listed] = []
    token: str | None = None
    where = shown(server.url(bucket))
    while True:
        async with web.get(f"{server.url(bucket)}?{query_of(page_query(prefix, token))}") as response:
            content = await read_bounded(response, MAX_BYTES, "spec.model.s3.endpoint")
        try:
            page = read_page(content, f"the answer of {where}")
        except NotAListing as error:
            raise Unreachable(f"{error}; check spec.model.s3.endpoint") from error
        # Consoles mark empty folders by objects that end in a slash.
        found += [replace(each, key=each.key[len(prefix) :]) for each in page.objects if not each.key.endswith("/")]
        if len(found) > MAX_OBJECTS:
            raise UriInvalid(
                f"{where} has more than {MAX_OBJECTS} objects below {prefix}: name the folder of one model"
            )
        token = page.next
        if token is None:
            break
    unsafe = next((each.key for each in found if not is_safe_path(each.key)), None)
    if unsafe:
        raise UriInvalid(f"{where} has an object below {prefix} that cannot be a file: {unsafe!r}; rename it")
    if not found:
        raise NotFound(f"{where} has nothing below {prefix}: check the model's URI")
    return tuple(found)
