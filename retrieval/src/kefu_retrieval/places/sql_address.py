"""The address of a database, read strictly: drivers take files, sockets and overrides from it that nobody meant."""

import ssl
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from kefu_retrieval.errors import PlaceInvalid

_SERVERS: dict[str, Literal["postgresql", "mysql"]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_PORTS = {"postgresql": 5432, "mysql": 3306}
_SSL_MODES = ("disable", "prefer", "require", "verify-full")


@dataclass(frozen=True)
class SqlAddress:
    """Where a database is and who reads it."""

    server: Literal["postgresql", "mysql"]
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    ssl_mode: str = "prefer"

    @property
    def shown(self) -> str:
        """As messages may show it."""
        return f"{self.server}://{self.host}:{self.port}/{self.database}"

    def tls(self) -> ssl.SSLContext | None:
        """What to encrypt with; None where the mode does not ask for it. `require` encrypts without proof of identity."""
        if self.ssl_mode in ("disable", "prefer"):
            return None
        context = ssl.create_default_context()
        if self.ssl_mode == "require":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def parse(text: str) -> SqlAddress:
    """Read `postgresql://user:password@host:port/database?sslmode=verify-full`, or `mysql://…`.

    Raises:
        PlaceInvalid: it has another form; the text itself, which holds a password, is never shown.
    """
    form = "write postgresql://user:password@host:5432/database, or mysql://…, with special characters as %XX"
    try:
        split = urlsplit(text.strip())
        port = split.port
    except ValueError as error:
        raise PlaceInvalid(f"the database's address cannot be read; {form}") from error
    server = _SERVERS.get(split.scheme)
    database = unquote(split.path.removeprefix("/"))
    if server is None or not split.hostname or not split.username or not database or set("/%,") & set(split.hostname):
        raise PlaceInvalid(f"the database's address lacks its server, host, user or database; {form}")
    options = dict(parse_qsl(split.query))
    mode = options.pop("sslmode", "prefer")
    if options or mode not in _SSL_MODES:
        raise PlaceInvalid(f"the database's address may have the option sslmode ({', '.join(_SSL_MODES)}) alone")
    return SqlAddress(
        server=server,
        host=split.hostname,
        port=port or _PORTS[server],
        user=unquote(split.username),
        password=unquote(split.password or ""),
        database=database,
        ssl_mode=mode,
    )
