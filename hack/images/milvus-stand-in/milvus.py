#!/usr/local/bin/python
"""`milvus run standalone`: Milvus Lite's server as the Milvus operator's pod expects a Milvus.

It takes the password of root from the environment as Milvus does, listens at Milvus's ports, and waits for the etcd and the MinIO of
its settings; it keeps nothing in them.
"""

import http.server
import os
import re
import socket
import tempfile
import threading
import time
from pathlib import Path

from kefu_retrieval.embedded.__main__ import main

SETTINGS = Path("/milvus/configs/milvus.yaml")
DATA = Path("/var/lib/milvus/lite")
PASSWORD = "COMMON_SECURITY_DEFAULTROOTPASSWORD"  # noqa: S105 - a name
PATIENCE = 120


class Health(http.server.BaseHTTPRequestHandler):
    """Answers at /healthz."""

    def do_GET(self) -> None:
        """OK."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *_: object) -> None:
        """Nothing: probes ask every few seconds."""


def wait_for(address: tuple[str, int]) -> None:
    """Wait until something listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(address, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def dependencies(text: str) -> list[tuple[str, int]]:
    """Addresses of etcd and MinIO in the settings, as the Milvus operator's tool writes them: YAML in blocks."""
    found = re.findall(r"^ +- (\S+):(\d+)$", text, re.MULTILINE)
    minio = re.search(r"^minio:\n((?: .*\n)+)", text, re.MULTILINE)
    told = dict(re.findall(r"^ +(\w+): (\S+)$", minio[1], re.MULTILINE)) if minio else {}
    if "address" not in told or "port" not in told:
        raise SystemExit(f"no MinIO in {SETTINGS}")
    return [(host, int(port)) for host, port in [*found, (told["address"], told["port"])]]


if __name__ == "__main__":
    for each in dependencies(SETTINGS.read_text()):
        wait_for(each)
    with tempfile.TemporaryDirectory() as folder:
        token = Path(folder, "token")
        token.write_text(f"root:{os.environ[PASSWORD]}")
        health = http.server.ThreadingHTTPServer(("", 9091), Health)
        threading.Thread(target=health.serve_forever, daemon=True).start()
        DATA.mkdir(exist_ok=True)
        main(["--data-dir", str(DATA), "--token", str(token)])
