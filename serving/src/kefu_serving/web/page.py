"""The chat page: our own static files, held in memory, under a policy that lets nothing else run."""

from importlib.resources import files

from kefu_api.documents.release import Persona
from kefu_serving.web.asgi import Headers, Send, dumps, respond, respond_json

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Headers = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]
_KINDS = {
    "html": b"text/html; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
}


class Page:
    """`GET /`, `/static/…` and `/persona.json`, open to all: they hold nothing secret."""

    def __init__(self) -> None:
        folder = files("kefu_serving") / "static"
        self._files = {
            f"/static/{file.name}": (file.read_bytes(), _KINDS[file.name.rpartition(".")[2]])
            for file in folder.iterdir()
            if file.name.rpartition(".")[2] in _KINDS
        }
        self._files["/"] = self._files.pop("/static/index.html")

    def has(self, path: str) -> bool:
        """Whether the path is one of the page's files."""
        return path in self._files

    async def file(self, path: str, send: Send) -> None:
        """Sends one of the page's files."""
        content, kind = self._files[path]
        await respond(send, 200, content, kind, _HEADERS)

    async def persona(self, persona: Persona | None, send: Send) -> None:
        """Sends the bot's name, greeting and languages, for the page to open with."""
        known = {"name": persona.name, "greeting": persona.greeting, "languages": persona.languages} if persona else {}
        await respond_json(send, 200, dumps(known), _HEADERS)
