"""The operator's floor plan: who may know kopf and the official client, who may write, who stays pure."""

import ast
from pathlib import Path

import kefu_operator

ROOT = Path(kefu_operator.__file__).parent
SOURCES = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in ROOT.rglob("*.py")}


def importers(package: str) -> set[str]:
    """Modules that import the package or a part of it."""
    found = set()
    for name, tree in SOURCES.items():
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(module == package or module.startswith(f"{package}.") for module in modules):
                found.add(name)
    return found


def test_kopf_and_the_official_client_stay_behind_one_module_each() -> None:
    assert importers("kopf") == {"lean_kopf.py"}
    assert importers("kefu_operator.lean_kopf") == {"watch.py"}
    assert importers("kubernetes.aio") == {"client/way.py"}


def test_one_module_writes_objects_one_the_lease_and_one_the_webhooks_certificate() -> None:
    callers = set()
    for name, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._client.request":
                verb = node.args[0]
                if not (isinstance(verb, ast.Constant) and verb.value == "get"):
                    callers.add(name)
    assert callers == {"write.py", "leadership/elector.py", "webhook/keeper.py"}


def test_plans_objects_checks_and_decisions_never_see_the_api_server() -> None:
    for package in (
        "kefu_operator.client",
        "kefu_operator.apply",
        "kefu_operator.write",
        "kefu_operator.reconcile",
        "kubernetes",
        "kopf",
        "asyncio",
    ):
        pure = {name for name in importers(package) if name.split("/")[0] in ("plan", "desired", "status", "ingestion")}
        assert pure == set(), package
