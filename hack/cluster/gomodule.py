"""Manifests of other projects, where Go keeps their modules: they are applied from there and copied nowhere."""

import os
import subprocess
from pathlib import Path

from hack.cluster.errors import BuildError
from hack.cluster.programs import GO_MODULES


def crds(name: str, module: str) -> list[Path]:
    """The files of a project's CustomResourceDefinitions; as `sources` has them."""
    return sorted((sources(name, module) / "config" / "crd" / "bases").glob("*.yaml"))


def sources(name: str, module: str) -> Path:
    """The folder of a project's module, downloaded when it is not there yet.

    Args:
        name: of the folder whose go.mod says which version.
        module: path of the Go module.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    line = ["go", "mod", "download", "-json", module]
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off"}
    try:
        subprocess.run(line, cwd=GO_MODULES / name, env=environment, check=True, capture_output=True, text=True)
        line = ["go", "list", "-m", "-f", "{{.Dir}}", module]
        done = subprocess.run(line, cwd=GO_MODULES / name, env=environment, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        raise BuildError(f"manifests of {name} cannot be had: `{' '.join(line)}` failed: {said}") from error
    return Path(done.stdout.strip())
