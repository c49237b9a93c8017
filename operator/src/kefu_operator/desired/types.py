"""The one type of this folder: a Kubernetes object or a part of one, as JSON knows it."""

from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""Any is honest here: the API server's schema, not ours, says what an object holds."""
