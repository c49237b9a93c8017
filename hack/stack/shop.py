"""`examples/shop/` on a cluster: apply it, wait for it, find its gateway and its key."""

from dataclasses import dataclass
from pathlib import Path

from hack.stack.kube import CommandError, Kube

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples/shop"


@dataclass(frozen=True)
class Shop:
    """The example in one namespace."""

    kube: Kube
    namespace: str

    def apply(self) -> None:
        """Make the namespace, guarded by the strictest Pod Security level, and apply the example as a user would."""
        restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
        namespace = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": restricted},
        }
        self.kube.apply(namespace, namespace="default")
        self.kube.kubectl("apply", "-n", self.namespace, "-f", str(EXAMPLE))

    def wait(self, seconds: int = 600) -> None:
        """Wait until the chatbot is Ready.

        Raises:
            CommandError: it was not in time; the text holds what its status says.
        """
        words = ("wait", "--for=condition=Ready", "chatbot/shop", "-n", self.namespace, f"--timeout={seconds}s")
        try:
            self.kube.kubectl(*words, timeout=seconds + 10)
        except CommandError as error:
            seen = self.kube.kubectl("get", "chatbot,ki,pods,jobs", "-n", self.namespace, "-o", "wide")
            raise CommandError(f"{error}\n{seen}") from error

    def url(self) -> str:
        """Where the gateway's Service answers, by cluster IP: on a native node the host reaches it."""
        spec = self.kube.get("service", "shop-gateway", self.namespace)["spec"]
        return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def key(self) -> str:
        """The API key that Kefu made."""
        return self.kube.secret("shop-api-key", "key", self.namespace)
