"""Why a fetch failed, in the words that conditions use; a reason never changes its meaning."""

from typing import Final

MODEL_URI_INVALID: Final = "ModelUriInvalid"
"""The URI, or another argument, cannot be used as it is."""

MODEL_CHECKSUM_MISMATCH: Final = "ModelChecksumMismatch"
"""The bytes are not those that were asked for."""

MODEL_NOT_FOUND: Final = "ModelNotFound"
"""The source is reachable and has no such model, revision or file."""

MODEL_UNREACHABLE: Final = "ModelUnreachable"
"""The source did not answer, or not usably; trying again later may help."""

MODEL_DISK_FULL: Final = "ModelDiskFull"
"""The volume has no room for the model."""

MODEL_FOLDER_UNWRITABLE: Final = "ModelFolderUnwritable"
"""The folder cannot be written to."""

MODEL_FORBIDDEN: Final = "ModelForbidden"
"""The source wants an access token, or another one."""
