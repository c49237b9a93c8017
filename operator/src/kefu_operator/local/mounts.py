"""Bringing a container's mounts to life as folders of this machine."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu_operator.local.errors import InputInvalid
from kefu_operator.local.files import telling_disk_full
from kefu_operator.local.projection import project
from kefu_operator.plan.workload import (
    CacheMount,
    ClaimMount,
    ConfigMapMount,
    DocumentMount,
    ImageMount,
    Mount,
    ScratchMount,
    SecretMount,
    VolumeMount,
)

SECRET_MODE = 0o600


@dataclass(frozen=True)
class Contents:
    """What ConfigMaps and Secrets hold, by name and key."""

    config_maps: Mapping[str, Mapping[str, str | bytes]]
    secrets: Mapping[str, Mapping[str, bytes]]


class Mounts:
    """Materialises mounts below one state folder."""

    def __init__(self, state: Path, contents: Contents) -> None:
        self._state = state
        self.contents = contents
        """Replaced as a whole when the user's files change."""

    def prepare(self, mounts: Iterable[Mount]) -> None:
        """Make every mount what a starting process expects: scratch folders empty, the others as they are to be.

        Raises:
            InputInvalid: a mount cannot be had on this machine, or names something that does not exist.
            DiskFull: there is no space left.
        """
        for mount in mounts:
            if isinstance(mount, ScratchMount):
                self._empty(Path(mount.path))
            elif isinstance(mount, VolumeMount | CacheMount):
                with telling_disk_full(Path(mount.path)):
                    Path(mount.path).mkdir(parents=True, exist_ok=True)
            elif isinstance(mount, ClaimMount):
                raise InputInvalid("pvc:// models exist in clusters only: use hf://, https:// or file:// in model.uri")
            elif isinstance(mount, ImageMount):
                raise InputInvalid("oci:// models exist in clusters only: use hf://, https:// or file:// in model.uri")
        self.refresh(mounts)

    def refresh(self, mounts: Iterable[Mount]) -> None:
        """Bring documents, ConfigMaps and Secrets up to date under a running process.

        Raises:
            InputInvalid: a mount names something that does not exist.
            DiskFull: there is no space left.
        """
        for mount in mounts:
            if isinstance(mount, DocumentMount):
                project(Path(mount.path), _encoded(mount.files))
            elif isinstance(mount, ConfigMapMount):
                project(Path(mount.path), _encoded(self._config_map(mount)))
            elif isinstance(mount, SecretMount):
                project(Path(mount.path), self._secret(mount), mode=SECRET_MODE)

    def _empty(self, folder: Path) -> None:
        if not folder.is_relative_to(self._state):
            return  # A folder of the system, e.g. shared memory.
        shutil.rmtree(folder, ignore_errors=True)
        with telling_disk_full(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _config_map(self, mount: ConfigMapMount) -> Mapping[str, str | bytes]:
        held = self.contents.config_maps.get(mount.config_map)
        if held is None:
            raise InputInvalid(f"there is no ConfigMap {mount.config_map}: add it to the files")
        return held

    def _secret(self, mount: SecretMount) -> Mapping[str, bytes]:
        held = self.contents.secrets.get(mount.secret)
        if held is None and mount.optional:
            return {}
        if held is None:
            raise InputInvalid(f"there is no Secret {mount.secret}: add it to the files")
        if mount.key is None:
            return held
        if mount.key not in held:
            raise InputInvalid(f"Secret {mount.secret} has no key {mount.key}: add it (it has: {', '.join(held)})")
        return {mount.key: held[mount.key]}


def _encoded(files: Mapping[str, str] | Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {name: held.encode() if isinstance(held, str) else held for name, held in files.items()}
