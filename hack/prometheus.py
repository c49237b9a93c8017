"""A real Prometheus on loopback: Debian's program, a folder of its own, and an end that is sure."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

START_SECONDS = 60


@contextmanager
def prometheus(folder: Path, scrapes: Sequence[dict[str, Any]], interval: str = "1s") -> Iterator[str]:
    """Its base URL, while it scrapes what `scrape_configs` say.

    Raises:
        FileNotFoundError: Debian's package prometheus is not installed (`make tools` does it).
        RuntimeError: it does not become ready; the text ends with its last words.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise FileNotFoundError("prometheus: install Debian's package of that name, or run `make tools`")
    port = _free_port()
    config = folder / "prometheus.yaml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": interval}, "scrape_configs": list(scrapes)}))
    url = f"http://127.0.0.1:{port}"
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=2h",
    ]
    log = folder / "prometheus.log"
    with log.open("w") as words:
        child = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT)
        try:
            _wait(child, f"{url}/-/ready", log)
            yield url
        finally:
            child.terminate()
            child.wait(30)


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"Prometheus does not become ready: {log.read_text()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
