"""What the process is told at its start, by flags and environment; everything else stands in the release document."""

import argparse
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kefu_serving.errors import ConfigurationError

MIN_SALT = 16
"""Shortest salt, in bytes; a shorter one could be guessed along with the user ids."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Start-up settings."""

    release: Path
    """`release.json`, or the mounted folder that holds it."""
    keys: Path
    """The mounted Secret: a file a key, the file's name being the key's name."""
    desk_keys: Path | None = None
    """The same of the people to whom conversations are handed over; None: there are none."""
    host: str = "0.0.0.0"
    port: int = 8080
    """Public port; 0 picks a free one and logs it."""
    admin_port: int = 9090
    """Port of health, readiness and metrics; 0 picks a free one."""
    grace: float = 25.0
    """Seconds that running answers have to finish after SIGTERM; below the pod's usual 30."""
    log_level: str = "INFO"
    salt: bytes = b""
    """Salt of the hashed user ids in logs."""
    tracing: bool = False
    """Whether spans are exported: only when an OTLP endpoint is named."""


def parse(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from flags and environment; exits with usage on a wrong flag, raises ConfigurationError otherwise."""
    parser = argparse.ArgumentParser(prog="kefu_serving", description="The chat gateway of one chatbot.")
    parser.add_argument("--release", type=Path, required=True, help="release.json, or the folder that holds it")
    parser.add_argument("--keys", type=Path, required=True, help="folder of API keys: one file a key, named for it")
    parser.add_argument("--desk-keys", type=Path, help="folder of the keys of people who take conversations over")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")
    parser.add_argument("--port", type=_port, default=8080, help="public port (default: 8080; 0: any free one)")
    parser.add_argument("--admin-port", type=_port, default=9090, help="health and metrics (default: 9090; 0: any)")
    parser.add_argument("--grace", type=float, default=25.0, help="seconds for answers to finish at SIGTERM")
    given = parser.parse_args(argv)
    return Settings(
        release=given.release,
        keys=given.keys,
        desk_keys=given.desk_keys,
        host=given.host,
        port=given.port,
        admin_port=given.admin_port,
        grace=given.grace,
        log_level=_level(environment.get("KEFU_LOG_LEVEL", "INFO")),
        salt=_salt(environment.get("KEFU_USER_SALT_FILE")),
        tracing=_traces(environment),
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _level(name: str) -> str:
    level = name.upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ConfigurationError(f"KEFU_LOG_LEVEL is {name!r}; set it to debug, info, warning or error")
    return level


def _salt(file: str | None) -> bytes:
    if not file:
        return secrets.token_bytes(32)
    try:
        salt = Path(file).read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(f"KEFU_USER_SALT_FILE {file} cannot be read: {error.strerror}") from error
    if len(salt) < MIN_SALT:
        raise ConfigurationError(f"KEFU_USER_SALT_FILE {file} holds {len(salt)} bytes; put at least {MIN_SALT} there")
    return salt


def _traces(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return bool(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
