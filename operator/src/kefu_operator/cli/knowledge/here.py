"""The indexes of a local instance: read from its state folder, changed by pins that it follows."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kefu_api.documents import variants
from kefu_api.token import TokenFile
from kefu_operator import naming
from kefu_operator.cli.errors import NotFound, Unreachable
from kefu_operator.cli.knowledge.engine import Engine, key, posting
from kefu_operator.cli.knowledge.place import IndexView, known_versions, problem
from kefu_operator.local import pins
from kefu_operator.local.errors import NoInstance
from kefu_operator.local.instance import Instance, find

TIMEOUT = 120.0
"""Seconds; an evaluation asks every golden question."""


class Here:
    """What `kefu run` serves from one state folder."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def indexes(self) -> Mapping[str, IndexView]:
        """As the instance tells them now."""
        try:
            content = find(self._instance.state).content
        except NoInstance as error:
            raise Unreachable(str(error)) from error
        return {index["name"]: _view(index) for index in content["indexes"]}

    def pin(self, index: str, version: str | None) -> None:
        """Take effect within a second."""
        pins.write(self._instance.state, index, version)

    def ask(self, index: str, path: str, body: bytes | None = None) -> bytes:
        """Ask the service on loopback.

        Raises:
            AskFailed: it refused.
            Unreachable: it does not answer.
        """
        entry = self._entry(index)
        url = entry["url"]
        headers = {"Content-Type": "application/json", **TokenFile(Path(entry["token_file"])).headers()}
        request = urllib.request.Request(f"{url}/{path}", body, headers)  # noqa: S310 - http on loopback
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                text: bytes = answer.read()
                return text
        except urllib.error.HTTPError as error:
            raise problem(error.read(65_536), error.code) from error
        except OSError as error:
            raise Unreachable(f"the retrieval service at {url} does not answer ({error}): see `kefu status`") from error

    def engine(self, index: str) -> Engine:
        """As the release of a chatbot names it.

        Raises:
            NotFound: no chatbot uses the index.
        """
        for bot in self._instance.content["chatbots"]:
            file = self._instance.state / naming.gateway(bot["name"]) / "release" / variants.FILE
            try:
                found = variants.Variants.model_validate_json(file.read_bytes()).stable
            except (OSError, ValidationError):
                continue
            if any(target.name == index for target in found.knowledge):
                key_file = found.engine.api_key_file
                return Engine(found.engine.model, posting(found.engine.url, key(Path(key_file) if key_file else None)))
        raise NotFound(f"no chatbot here uses KnowledgeIndex {index}: give an engine with --engine URL")

    def questions(self, index: str) -> Mapping[str, str]:
        """Those that the last judgement was made by."""
        folder = self._entry(index).get("questions")
        if not folder:
            raise NotFound(f"KnowledgeIndex {index} has no spec.evaluation: give questions with --questions FILE")
        files = [file for file in Path(folder).iterdir() if file.is_file() and not file.name.startswith(".")]
        return {file.name: file.read_text(encoding="utf-8") for file in sorted(files)}

    def _entry(self, index: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(each for each in self._instance.content["indexes"] if each["name"] == index)
        return found


def _view(index: Mapping[str, Any]) -> IndexView:
    published = index.get("published") or {}
    return IndexView(
        name=index["name"],
        published=published.get("version"),
        versions=known_versions(published.get("versions")),
        pinned=index.get("pinned"),
        trouble=index.get("problem") or "",
    )
