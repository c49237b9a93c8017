"""Judging documents without a cluster: what `kefu validate` says is what the API server would say, in sentences."""

from kefu_api.validation.bundle import check
from kefu_api.validation.finding import Finding

__all__ = ["Finding", "check"]
