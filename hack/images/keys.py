"""Content keys: the same inputs give the same key on every machine, whatever their dates."""

from pathlib import Path

from hack.cluster.cache import digest

_IGNORED = {"__pycache__", ".mypy_cache", ".ruff_cache"}


def files_below(path: Path) -> list[Path]:
    """Return the files that count, sorted: the path itself when it is a file."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not _IGNORED & set(file.parts))


def tree_key(paths: list[Path], words: list[str] | None = None) -> str:
    """Return the key of these files and folders, by relative names and contents, and of the further words."""
    parts = [word.encode() for word in words or []]
    for path in paths:
        for file in files_below(path):
            name = file.name if path.is_file() else f"{path.name}/{file.relative_to(path)}"
            parts += [name.encode(), file.read_bytes()]
    return digest(parts)
