"""The provider for a cluster that exists already: whatever the current kubeconfig points at."""

import os
from pathlib import Path

from hack.cluster.errors import UsageError
from hack.cluster.kubectl import kubectl
from hack.cluster.part import Part


class Current:
    """The cluster of the current kubeconfig; it is used, never started or stopped."""

    def start_runtime(self) -> None:
        """Leave it: it runs."""

    def up(self, extras: list[str]) -> None:
        """Check that the cluster answers."""
        if extras:
            raise UsageError(
                f"--with {' '.join(extras)} is for the native provider; install it in your cluster yourself"
            )
        kubectl(None, "get", "--raw", "/readyz")

    def down(self) -> None:
        """Leave a cluster that is not ours alone."""

    def status(self) -> list[Part]:
        """List the nodes."""
        return [Part(name, True) for name in kubectl(None, "get", "nodes", "-o", "name").split()]

    def environment(self) -> dict[str, str]:
        """Return the kubeconfig in use."""
        default = str(Path.home() / ".kube" / "config")
        return {"KEFU_CLUSTER": "current", "KUBECONFIG": os.environ.get("KUBECONFIG", default)}

    def command(self, words: list[str]) -> list[str]:
        """Refuse: the nodes are not ours."""
        raise UsageError(f"cannot run {words[0]} in a node of a cluster that is not ours; use kubectl debug node/NAME")

    def load(self, archives: list[Path]) -> None:
        """Explain how images get there."""
        names = " ".join(archive.name for archive in archives)
        raise UsageError(
            f"cannot import {names} into a cluster that is not ours: push the images to a registry that its nodes "
            "reach (docker load -i ARCHIVE; docker tag; docker push) and set the chart's image values to it"
        )

    def logs(self, component: str | None) -> str:
        """Refuse: the components are not ours."""
        raise UsageError(f"no log of {component or 'components'} here; use kubectl logs -n kube-system")
