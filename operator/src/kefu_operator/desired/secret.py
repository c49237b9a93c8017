"""Secrets that Kefu makes: one random value, created once and never read or written again."""

import secrets

from kefu_operator.desired.metadata import Scope, metadata, outliving
from kefu_operator.desired.types import Object
from kefu_operator.plan.workload import GeneratedSecret

BYTES = 32
"""Entropy of a value; 64 digits when written, which are base64 too, as signing keys have to be."""


def random_value() -> str:
    """A new value that nobody can guess."""
    return secrets.token_hex(BYTES)


def generated_secret(planned: GeneratedSecret, scope: Scope, component: str, value: str) -> Object:
    """A Secret of one random value; it cannot be changed but where pods follow it, only deleted (then a new one is made)."""
    meta = metadata(scope, planned.name, component)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": outliving(meta) if planned.retained else meta,
        "type": "Opaque",
        "immutable": not planned.followed,
        "stringData": planned.contents(value),
    }
