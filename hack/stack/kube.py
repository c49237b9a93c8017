"""A cluster as seen through kubectl and helm: thin, typed, with errors that quote what the program said."""

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from hack.cluster.errors import ClusterError

TIMEOUT_SECONDS = 120.0


class CommandError(ClusterError):
    """kubectl or helm failed; the text is what it said."""


@dataclass(frozen=True)
class Kube:
    """Commands against one cluster, with its environment (KUBECONFIG, PATH)."""

    environment: dict[str, str]

    def run(self, program: str, *words: str, stdin: str | None = None, timeout: float = TIMEOUT_SECONDS) -> str:
        """Run a program and return its output.

        Raises:
            CommandError: it failed or took longer than `timeout` seconds.
        """
        try:
            done = subprocess.run(
                [program, *words],
                env=os.environ | self.environment,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(f"{program} {' '.join(words[:6])} took longer than {timeout:.0f} s") from error
        if done.returncode:
            raise CommandError(f"{program} {' '.join(words[:6])}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout

    def kubectl(self, *words: str, stdin: str | None = None, timeout: float = TIMEOUT_SECONDS) -> str:
        """Run kubectl."""
        return self.run("kubectl", *words, stdin=stdin, timeout=timeout)

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """One object.

        Raises:
            CommandError: there is none.
        """
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    def list(self, kinds: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects of the kinds (comma-separated), optionally by label selector."""
        words = ["get", kinds, "-n", namespace, "-o", "json", *(["-l", selector] if selector else [])]
        items: list[dict[str, Any]] = json.loads(self.kubectl(*words))["items"]
        return items

    def apply(self, *objects: dict[str, Any], namespace: str) -> None:
        """Apply objects as a user would."""
        bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "-n", namespace, "-f", "-", stdin=bundle)

    def secret(self, name: str, key: str, namespace: str) -> str:
        """One decoded value of a Secret."""
        encoded: str = self.get("secret", name, namespace)["data"][key]
        return base64.b64decode(encoded).decode()
