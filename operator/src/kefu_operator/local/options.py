"""What the user asks of `kefu run`, and where this machine keeps things."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu_operator.local.ports import LOOPBACK
from kefu_operator.plan.settings import PlanSettings

DEFAULT_PORT = 8080
ENGINE_BUILDS = "KEFU_ENGINE_BUILDS"
"""Variable by which the engine llamaCpp finds its builds for newer CPUs."""


@dataclass(frozen=True)
class RunOptions:
    """The command line of `kefu run`."""

    paths: tuple[Path, ...]
    state: Path | None = None
    """None: `.kefu/<name>` below the current folder."""
    host: str = LOOPBACK
    port: int = DEFAULT_PORT
    encoder: Path | None = None


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder for what is downloaded once: `$KEFU_CACHE`, else `~/.cache/kefu`."""
    chosen = environment.get("KEFU_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "kefu"


def engine_builds(environment: Mapping[str, str] = os.environ) -> str:
    """Folder of the engine's builds: the environment's (empty: none), else that of the cache, whether it is there or not."""
    return environment.get(ENGINE_BUILDS, str(cache(environment) / "engines" / "current"))


def plan_settings(environment: Mapping[str, str] = os.environ) -> PlanSettings:
    """What the environment decides for plans: hub mirror, plain HTTP, tracing."""
    return PlanSettings(
        hub_endpoint=environment.get("HF_ENDPOINT") or None,
        allow_http=environment.get("KEFU_ALLOW_HTTP") == "1",
        trace_endpoint=environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
    )
