"""Port numbers of local workloads: chosen once and remembered, so that addresses in documents stay the same."""

import json
import random
import socket
from contextlib import closing
from pathlib import Path

from kefu_operator.local.errors import PortTaken
from kefu_operator.local.files import write_atomically

LOOPBACK = "127.0.0.1"
RANGE = range(26_000, 30_000)
"""Below the ports that systems give to outgoing connections (Linux: from 32,768) and Kubernetes to Services (30,000)."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on the address now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def demand(host: str, port: int) -> None:
    """Check a port that the user asked for.

    Raises:
        PortTaken: another program listens there.
    """
    if not is_free(host, port):
        raise PortTaken(
            f"port {port} on {host} is in use by another program: stop it, or choose another port with --port"
        )


class PortBook:
    """Free loopback ports by name, remembered in one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports: dict[str, int] = _read(file)
        self._checked: set[str] = set()

    def port(self, name: str) -> int:
        """The port of that name: the remembered one while nobody else took it, else a new free one."""
        known = self._ports.get(name)
        if known and (name in self._checked or is_free(LOOPBACK, known)):
            self._checked.add(name)
            return known
        chosen = self._choose()
        self._ports[name] = chosen
        self._checked.add(name)
        write_atomically(self._file, json.dumps(self._ports, indent=2, sort_keys=True))
        return chosen

    def _choose(self) -> int:
        """A port that no outgoing connection can take between this choice and the start of its server.

        Raises:
            PortTaken: none is free.
        """
        candidates = [port for port in RANGE if port not in self._ports.values()]
        random.shuffle(candidates)
        for port in candidates:
            if is_free(LOOPBACK, port):
                return port
        raise PortTaken(f"all ports from {RANGE[0]} to {RANGE[-1]} on {LOOPBACK} are in use: stop some of the programs")


def _read(file: Path) -> dict[str, int]:
    try:
        known = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): int(port) for name, port in known.items()} if isinstance(known, dict) else {}
