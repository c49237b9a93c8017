"""Why an engine did not start.

EngineError
├── LibraryMissing    the native server is not installed
├── ModelFileError    the model cannot be read, or is no GGUF file
├── AddressError      the host or port cannot be listened on
└── EngineCrash       the native server ended by itself
"""


class EngineError(Exception):
    """An engine that does not run; the message says what to do, `exit_code` follows sysexits.h."""

    exit_code = 70


class LibraryMissing(EngineError):
    """The native server is not installed."""


class ModelFileError(EngineError):
    """The model cannot be read, or is no GGUF file."""

    exit_code = 66


class AddressError(EngineError):
    """The host or port cannot be listened on."""

    exit_code = 69


class EngineCrash(EngineError):
    """The native server ended by itself."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
