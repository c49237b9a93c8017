"""Failures of the model tools.

ModelsError
├── UnknownModel      no such name in the table
├── NotFetched        the model is not in the store
├── SourceFailed      no source gave the model
└── StoreDamaged      a stored file is not what its digest says
"""


class ModelsError(Exception):
    """A failure whose message says what to do."""


class UnknownModel(ModelsError):
    """No such name in the table."""


class NotFetched(ModelsError):
    """The model is not in the store."""


class SourceFailed(ModelsError):
    """No source gave the model."""


class StoreDamaged(ModelsError):
    """A stored file is not what its digest says."""
