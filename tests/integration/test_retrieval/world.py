"""A shop's knowledge on disk, and the real commands that ingest and serve it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from hack.ports import free_port

from kefu_api import digest
from kefu_api.documents.index import EndpointEmbedding, Index
from tests.unit.test_retrieval.doubles import folder_source, index

START_SECONDS = 120.0


def encoder() -> Path:
    """The built-in encoder's file, or a skip that says how to get it."""
    if named := os.environ.get("KEFU_ENCODER_PATH"):
        return Path(named)
    found = subprocess.run(
        [sys.executable, "-m", "hack.models", "path", "encoder"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip("the encoder is not here; fetch it with `python -m hack.models fetch encoder`")
    return Path(found.stdout.strip())


@dataclass
class World:
    """One index over two folders, built into a real store by the real job."""

    folder: Path
    uri: str
    encoder: Path
    faq: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    embedding: EndpointEmbedding | None = None
    """In place of the built-in encoder."""

    @property
    def served(self) -> Path:
        """The document that the service follows."""
        return self.folder / "served" / "index.json"

    def document(self, keep: int = 2) -> Index:
        """Write the sources, and the two documents that name them."""
        folders = {"pages": self.pages} if self.pages else {}
        return self.from_folders(keep, faq={"faq.yaml": self.faq}, **folders)

    def from_folders(self, keep: int = 2, *, faq: dict[str, str], **pages: dict[str, str]) -> Index:
        """The same, for one folder of FAQ files and any number of folders with Markdown."""
        sources = [folder_source(self.folder / "faq", faq)]
        sources += [folder_source(self.folder / name, files, "Markdown") for name, files in pages.items()]
        version = digest.of_value([source.digest for source in sources])[:10]
        document = index(*sources, version=version, keep=keep, uri=self.uri)
        if self.embedding is not None:
            document = document.model_copy(update={"embedding": self.embedding})
        self.follow(document)
        return document

    def follow(self, document: Index) -> None:
        """Replace the served document as a mounted ConfigMap is replaced: at once, by another inode."""
        self.served.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.served.with_suffix(".new")
        fresh.write_text(document.model_copy(update={"sources": ()}).to_json())
        fresh.rename(self.served)

    def start_ingestion(self, document: Index) -> subprocess.Popen[str]:
        """The job, running."""
        file = self.folder / f"{document.version}.json"
        file.write_text(document.to_json())
        return subprocess.Popen(
            [sys.executable, "-m", "kefu_retrieval", "ingest", "--index", str(file)],
            env={**os.environ, **self.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ingest(self, document: Index) -> tuple[int, dict[str, Any]]:
        """The job's exit status and its termination message, which is its last line too."""
        job = self.start_ingestion(document)
        output, _ = job.communicate(timeout=300)
        message = (self.folder / "termination.log").read_text()
        assert output.strip().splitlines()[-1] == message, output
        return job.returncode, json.loads(message)

    @contextmanager
    def service(self) -> Iterator["Service"]:
        """The retrieval service, listening; it need not be ready."""
        port = free_port()
        log = self.folder / "service.log"
        command = [sys.executable, "-m", "kefu_retrieval", "serve", "--index", str(self.served)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port)],
                env={**os.environ, **self.environment()},
                stdout=output,
                stderr=output,
            )
        service = Service(f"http://127.0.0.1:{port}", log)
        try:
            eventually(lambda: service.get("/healthz")[0] == 200 or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield service
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise

    def environment(self) -> dict[str, str]:
        """What the job and the service are told by their environment."""
        return {
            "KEFU_ENCODER_PATH": str(self.encoder),
            "KEFU_TERMINATION_LOG": str(self.folder / "termination.log"),
        }


@dataclass
class Service:
    """A client of the running service."""

    url: str
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """Status (0 when nobody listens) and text."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one search."""
        status, text = self._ask(urllib.request.Request(f"{self.url}/v1/search", body, headers or {}))
        return status, json.loads(text)

    def search(self, query: str, **fields: object) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one search."""
        return self.post(json.dumps({"query": query, **fields}).encode())

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, HTTPException):  # nobody listens, or the connection broke in the middle of an answer
            return 0, ""


def eventually(check: Any, seconds: float = START_SECONDS) -> None:
    """Wait until `check` is true."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        time.sleep(0.1)
