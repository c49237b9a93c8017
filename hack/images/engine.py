"""The two programs that turn a Containerfile into an archive: buildah, which needs no daemon, and Docker."""

import os
import shutil
from pathlib import Path
from typing import Protocol

from hack.cluster.apt import install
from hack.cluster.cache import cache_root
from hack.cluster.errors import ClusterError
from hack.images.archive import rename
from hack.images.base import base_key, base_tree
from hack.images.catalog import FOLDER, REGISTRY
from hack.images.errors import ImageError, MissingInput, UnknownImage
from hack.images.tools import run

BUILDAH_PACKAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}
DOCKER_BASE = "python:3.11-slim-bookworm"


class Engine(Protocol):
    """Builds images in a store of its own and writes them to archives."""

    name: str

    def prepare(self) -> None:
        """Make sure that the program is there."""

    def base(self) -> tuple[str, str]:
        """Return (reference, key) of the base image."""

    def make_base(self, scratch: Path) -> None:
        """Make the base image unless the store holds it."""

    def has(self, reference: str) -> bool:
        """Say whether the store holds this image."""

    def build(self, reference: str, containerfile: Path, context: Path, base: str) -> None:
        """Build an image from a Containerfile whose build argument BASE is given."""

    def save(self, references: list[str], archive: Path) -> None:
        """Write the image of the first reference as a docker-archive that carries all of them."""

    def references(self) -> list[str]:
        """Return the references of our images in the store."""

    def remove(self, reference: str) -> None:
        """Remove an image from the store."""


class Buildah:
    """buildah with chroot isolation, in a store inside the cache."""

    name = "buildah"

    def __init__(self) -> None:
        """Choose the store; nothing runs yet."""
        store = cache_root() / "images" / "buildah"
        self._command = ["buildah", "--root", str(store / "root"), "--runroot", str(store / "run")]

    def prepare(self) -> None:
        """Install buildah and mmdebstrap where they are missing and this is root."""
        try:
            install(BUILDAH_PACKAGES)
        except ClusterError as error:
            raise MissingInput(str(error)) from error

    def base(self) -> tuple[str, str]:
        """Return the reference and key of the mmdebstrap base."""
        key = base_key()
        return f"{REGISTRY}/base:{key}", key

    def make_base(self, scratch: Path) -> None:
        """Run mmdebstrap and import its tree."""
        base_tree(scratch / "base.tar")
        self.build(self.base()[0], FOLDER / "base" / "Containerfile", scratch, "")

    def has(self, reference: str) -> bool:
        """Say whether the store holds this image."""
        return reference in self.references()

    def build(self, reference: str, containerfile: Path, context: Path, base: str) -> None:
        """Run `buildah bud`: one layer a Containerfile, because what is reused has an image of its own."""
        run([*self._command, "bud", "--isolation", "chroot", "--layers=false", "--force-rm", "--quiet", "--pull-never",
             "--build-arg", f"BASE={base}", "--tag", reference, "--file", str(containerfile), str(context)])  # fmt: skip

    def save(self, references: list[str], archive: Path) -> None:
        """Push to a docker-archive, which takes one reference, and add the others to it."""
        run([*self._command, "push", "--quiet", references[0], f"docker-archive:{archive}:{references[0]}"])
        rename(archive, references)

    def references(self) -> list[str]:
        """List the store."""
        listed = run([*self._command, "images", "--format", "{{.Name}}:{{.Tag}}"])
        return [line for line in listed.splitlines() if line.startswith(f"{REGISTRY}/")]

    def remove(self, reference: str) -> None:
        """Remove the image and the layers that nothing else uses."""
        run([*self._command, "rmi", reference])


class Docker:
    """The Docker daemon; its images start from a public Python image."""

    name = "docker"

    def prepare(self) -> None:
        """Check that the daemon answers."""
        if shutil.which("docker") is None:
            raise MissingInput("docker is missing; install it, or set KEFU_IMAGES=buildah")
        try:
            run(["docker", "info"])
        except ImageError as error:
            raise MissingInput("the Docker daemon does not answer; start it, or set KEFU_IMAGES=buildah") from error

    def base(self) -> tuple[str, str]:
        """Return the public image, which is its own key."""
        return DOCKER_BASE, DOCKER_BASE

    def make_base(self, scratch: Path) -> None:
        """Pull the public image."""
        run(["docker", "pull", "--quiet", DOCKER_BASE])

    def has(self, reference: str) -> bool:
        """Say whether the daemon holds this image."""
        return bool(run(["docker", "images", "--quiet", reference]).strip())

    def build(self, reference: str, containerfile: Path, context: Path, base: str) -> None:
        """Run `docker build`."""
        run(["docker", "build", "--quiet", "--build-arg", f"BASE={base}", "--tag", reference,
             "--file", str(containerfile), str(context)])  # fmt: skip

    def save(self, references: list[str], archive: Path) -> None:
        """Run `docker save` with every reference."""
        for reference in references[1:]:
            run(["docker", "tag", references[0], reference])
        run(["docker", "save", "--output", str(archive), *references])

    def references(self) -> list[str]:
        """List the daemon's images of ours."""
        listed = run(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", f"{REGISTRY}/*"])
        return listed.splitlines()

    def remove(self, reference: str) -> None:
        """Remove the image's tag."""
        run(["docker", "rmi", reference])


def choose_engine() -> Engine:
    """Return what `$KEFU_IMAGES` names (buildah or docker); by default Docker for kind clusters and buildah else.

    Raises:
        UnknownImage: it names neither.
    """
    default = "docker" if os.environ.get("KEFU_CLUSTER") == "kind" else "buildah"
    chosen = os.environ.get("KEFU_IMAGES", default)
    if chosen not in ("buildah", "docker"):
        raise UnknownImage(f"KEFU_IMAGES is {chosen!r}; set it to buildah or docker")
    return Docker() if chosen == "docker" else Buildah()
