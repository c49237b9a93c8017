"""Errors of this package.

    ApiError
    ├── GenerationError     a model cannot be published as a structural schema; the developer mends the model
    └── ManifestError       files cannot be read as manifests; the user mends the files
        └── InvalidManifests    they were read, and break the API; carries every finding
"""


class ApiError(Exception):
    """Base of all errors of `kefu_api`."""


class GenerationError(ApiError):
    """A model cannot be published as a structural schema."""


class ManifestError(ApiError):
    """Files cannot be read as manifests; the text names the file, the line and the remedy."""
