"""KEDA's own manifests, where Go keeps its module: they are applied from there and copied nowhere."""

import os
import subprocess
from pathlib import Path

from hack.cluster.errors import BuildError
from hack.cluster.programs import GO_MODULES

_MODULE = "github.com/kedacore/keda/v2"


def crds() -> list[Path]:
    """The files of KEDA's CustomResourceDefinitions, downloaded when they are not there yet.

    Raises:
        BuildError: Go is not there, or the module cannot be had.
    """
    line = ["go", "mod", "download", "-json", _MODULE]
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off"}
    try:
        subprocess.run(line, cwd=GO_MODULES / "keda", env=environment, check=True, capture_output=True, text=True)
        line = ["go", "list", "-m", "-f", "{{.Dir}}", _MODULE]
        done = subprocess.run(
            line, cwd=GO_MODULES / "keda", env=environment, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        raise BuildError(f"KEDA's manifests cannot be had: `{' '.join(line)}` failed: {said}") from error
    return sorted(Path(done.stdout.strip(), "config", "crd", "bases").glob("*.yaml"))
