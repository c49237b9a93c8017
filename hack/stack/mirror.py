"""The mirror of the model hub on the host, which pods of the development cluster fetch their weights from."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from hack.cluster.cache import cache_root
from hack.cluster.errors import StartError
from hack.cluster.processes import outlive

PORT = 8099


@dataclass(frozen=True)
class Mirror:
    """A server of the local model store at one address of the host."""

    host: str
    port: int = PORT

    @property
    def url(self) -> str:
        """What pods use as the hub's endpoint."""
        return f"http://{self.host}:{self.port}"

    @property
    def _pid_file(self) -> Path:
        return cache_root() / "run" / f"mirror-{self.host}-{self.port}.pid"

    def start(self) -> None:
        """Start it unless it answers already.

        Raises:
            StartError: it did not answer within ten seconds; the text names its log.
        """
        if self._answers():
            return
        log = self._pid_file.with_suffix(".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        line = [sys.executable, "-m", "hack.models", "serve", "--host", self.host, "--port", str(self.port)]
        with log.open("wb") as output:
            process = outlive(subprocess.Popen(line, stdout=output, stderr=output, start_new_session=True))
        self._pid_file.write_text(str(process.pid))
        for _ in range(100):
            if self._answers():
                return
            if process.poll() is not None:
                break
            time.sleep(0.1)
        raise StartError(f"the model mirror did not start on {self.url}: {log.read_text()[-500:]}")

    def stop(self) -> None:
        """Stop it if we started it."""
        if not self._pid_file.exists():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self._pid_file.read_text()), signal.SIGTERM)
        self._pid_file.unlink()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
