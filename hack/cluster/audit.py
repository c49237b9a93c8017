"""The API server's audit policy: who wrote what, so that tests can count an operator's writes."""

import json
from pathlib import Path

_COMPONENTS = [
    "system:apiserver",
    "system:kube-scheduler",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "kefu:coredns",
    "kefu:volumes",
    "kefu:metrics-server",
]

# Watches and the cluster's own components would bury what the log is for.
_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:nodes"]},
        {"level": "None", "users": _COMPONENTS},
        {"level": "None", "verbs": ["watch"]},
        {"level": "None", "nonResourceURLs": ["*"]},
        {"level": "Metadata"},
    ],
}


def write_policy(path: Path) -> Path:
    """Write the policy and return its path."""
    path.write_text(json.dumps(_POLICY))
    return path


def flags(policy: Path, log: Path) -> list[str]:
    """Return the API server's arguments that make it write one JSON line an event to the log."""
    return [f"--audit-policy-file={policy}", f"--audit-log-path={log}", "--audit-log-maxsize=4000",
            "--audit-log-mode=blocking"]  # fmt: skip
