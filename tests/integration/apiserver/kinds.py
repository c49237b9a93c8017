"""Names of kinds as kubectl takes them (ki, job, deployments, scaledobjects.keda.sh), and where their objects are."""

from typing import Any

from tests.integration.apiserver.connection import Connection

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Kinds:
    """What one API server serves, asked again where a name is unknown: definitions come and go."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._paths: dict[str, str] = {}

    def collection(self, name: str, namespace: str) -> str:
        """The path of a kind's objects.

        Args:
            name: plural, singular, short name, plural.group or `group/version/Kind`.
            namespace: where they are, if the kind has namespaces.
        """
        if name not in self._paths:
            self._ask()
        if name not in self._paths:
            raise AssertionError(f'the server doesn\'t have a resource type "{name}"')
        return self._paths[name].format(namespace=namespace)

    def _ask(self) -> None:
        self._paths.clear()
        for root in ("/api", "/apis"):
            for group in self._connection.request("GET", root, accept=_AGGREGATED).body["items"]:
                name = group["metadata"].get("name", "")
                # The first is the one that the server prefers; the core's names come before all others'.
                for version in group["versions"]:
                    base = f"/apis/{name}/{version['version']}" if name else f"/api/{version['version']}"
                    for resource in version.get("resources", ()):
                        self._keep(name, version["version"], base, resource)

    def _keep(self, group: str, version: str, base: str, resource: dict[str, Any]) -> None:
        plural, kind = resource["resource"], resource["responseKind"]["kind"]
        space = "/namespaces/{namespace}" if resource["scope"] == "Namespaced" else ""
        called = [plural, resource.get("singularResource") or kind.lower(), *resource.get("shortNames", ())]
        api_version = f"{group}/{version}" if group else version
        long = [f"{each}.{suffix}" for each in called for suffix in (group, f"{version}.{group}") if group]
        for name in (*called, *long, f"{api_version}/{kind}"):
            self._paths.setdefault(name, f"{base}{space}/{plural}")
