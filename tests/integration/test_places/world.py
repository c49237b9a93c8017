"""Fetching in tests: one source into a folder, as the fetch job does it."""

from pathlib import Path

from kefu_api.documents.fetch import Fetch, FetchedSource, FetchSource, Limits, Place
from kefu_retrieval.places.fetch import fetch_all
from kefu_retrieval.places.shelf import Shelf
from kefu_retrieval.places.snapshot import Snapshot


async def bring(
    volume: Path, place: Place, limits: Limits | None = None, *, loopback: bool = True, schedule: str | None = None
) -> FetchedSource:
    """Fetch one source, called `s`."""
    source = FetchSource(name="s", place=place, limits=limits or Limits(), schedule=schedule)
    report = await fetch_all(Fetch(namespace="n", name="i", sources=(source,)), volume, loopback)
    return report.sources[0]


def current(volume: Path) -> Snapshot:
    """The snapshot that an ingestion would see."""
    found = Shelf(volume / "s").current()
    assert found is not None
    return found


def seen(volume: Path) -> dict[str, str]:
    """Its files."""
    root = Shelf(volume / "s").path_of(current(volume))
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def left_out(volume: Path) -> dict[str, str]:
    """What it leaves out, with the reasons."""
    return {left.name: left.reason for left in current(volume).left_out}
