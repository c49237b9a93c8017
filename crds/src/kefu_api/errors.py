"""Errors of this package.

ApiError
├── GenerationError     a model cannot be published as a structural schema; the developer mends the model
└── ManifestError       files cannot be read as manifests; the user mends the files
    └── InvalidManifests    they were read, and break the API; carries every finding
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kefu_api.validation.finding import Finding


class ApiError(Exception):
    """Base of all errors of `kefu_api`."""


class GenerationError(ApiError):
    """A model cannot be published as a structural schema."""


class ManifestError(ApiError):
    """Files cannot be read as manifests; the text names the file, the line and the remedy."""


class InvalidManifests(ManifestError):
    """Manifests were read and break the API."""

    def __init__(self, findings: Sequence["Finding"]) -> None:
        """Keep all findings, warnings included; the text lists the errors."""
        self.findings = tuple(findings)
        super().__init__("\n".join(str(found) for found in findings if found.severity == "error"))
