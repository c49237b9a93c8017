"""What the process is told by its environment, so that everything else is told by the index document alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TERMINATION_LOG = Path("/dev/termination-log")
ENCODER = Path("/models/encoder/encoder.onnx")


@dataclass(frozen=True)
class Settings:
    """Defaults are those of the retrieval image."""

    encoder_path: Path = ENCODER
    """KEFU_ENCODER_PATH: the built-in encoder's ONNX file."""
    termination_log: Path | None = TERMINATION_LOG
    """KEFU_TERMINATION_LOG: where the ingestion job leaves its report; the default only when it is writable."""
    encoder_threads: int = 2
    """KEFU_ENCODER_THREADS: how many texts are encoded at once; each uses one core."""
    store_timeout: float = 2.5
    """KEFU_STORE_TIMEOUT: seconds a search may take, all in all, before it answers V2001."""
    fetch_loopback: bool = False
    """KEFU_FETCH_LOOPBACK=1: documents may come from this machine itself, as in local mode; never set in a cluster."""

    shard: int = 0
    """JOB_COMPLETION_INDEX, which Kubernetes sets in the pods of an Indexed Job: which part of a version this job builds."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read `KEFU_*`; an absent variable means its default.

        Raises:
            ValueError: a number is not one; the message names the variable.
        """
        log = environment.get("KEFU_TERMINATION_LOG")
        default_log = TERMINATION_LOG if os.access(TERMINATION_LOG, os.W_OK) else None
        return cls(
            encoder_path=Path(environment.get("KEFU_ENCODER_PATH") or ENCODER),
            termination_log=Path(log) if log else default_log,
            encoder_threads=int(_number(environment, "KEFU_ENCODER_THREADS", cls.encoder_threads)),
            store_timeout=_number(environment, "KEFU_STORE_TIMEOUT", cls.store_timeout),
            fetch_loopback=environment.get("KEFU_FETCH_LOOPBACK") == "1",
            shard=int(environment.get("JOB_COMPLETION_INDEX") or 0),
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise ValueError(f"{name} must be a number above 0, not {text!r}")
    return value
