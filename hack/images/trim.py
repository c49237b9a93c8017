"""What an image's Python packages bring and the image never uses: taken away after the installation.

Two optional files in the image's folder say what, as globs below the packages: `left-out.txt` names files and folders to
remove, `hollow.txt` libraries of which only the names are needed.
"""

import platform
import shutil
from pathlib import Path

from hack.images.errors import BuildFailed
from hack.images.hollow import hollow

LEFT_OUT, HOLLOW = "left-out.txt", "hollow.txt"


def recipe(folder: Path) -> list[Path]:
    """Return the files that decide what is taken away, the image's lists and this code; none where nothing is."""
    found = lists(folder)
    return [*found, Path(__file__), Path(__file__).with_name("hollow.py")] if found and _supported() else []


def lists(folder: Path) -> list[Path]:
    """Return the image's lists, on whatever machine."""
    return [folder / name for name in (LEFT_OUT, HOLLOW) if (folder / name).exists()]


def trim(folder: Path, site: Path) -> None:
    """Take away from `site` what the lists in the image's folder name; on other machines than x86-64, whose packages differ, nothing.

    Raises:
        BuildFailed: a glob fits nothing, because the packages changed and the list did not.
    """
    if not _supported():
        return
    for path in _fitting(site, folder / LEFT_OUT):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in _fitting(site, folder / HOLLOW):
        hollow(path)


def _fitting(site: Path, listed: Path) -> list[Path]:
    found: list[Path] = []
    for line in listed.read_text().splitlines() if listed.exists() else ():
        pattern = line.partition("#")[0].strip()
        if not pattern:
            continue
        fitting = sorted(site.glob(pattern))
        if not fitting:
            raise BuildFailed(f"{listed}: nothing fits {pattern}; bring the list up to date with the packages")
        found += fitting
    return found


def _supported() -> bool:
    return platform.machine() == "x86_64"
