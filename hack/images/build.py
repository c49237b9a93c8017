"""Building images: context, layers, archive; a second call with the same inputs finds the archive and returns."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hack.cluster.cache import cache_root, locked
from hack.cluster.progress import say
from hack.images.catalog import FOLDER, REGISTRY, ROOT, Image
from hack.images.engine import Engine
from hack.images.keys import files_below, tree_key
from hack.images.site import site, site_key
from hack.images.tags import tag

_KEPT_ARCHIVES = 3
_PACKAGES = FOLDER / "packages" / "Containerfile"


@dataclass(frozen=True)
class Built:
    """Where an image is: its reference by key, and the archive that holds it."""

    ref: str
    archive: Path


def describe(image: Image, engine: Engine) -> Built:
    """Return the reference and archive that the checkout's sources lead to, built or not."""
    return _keyed(image, engine, [ROOT / source for source in image.sources])


def build(image: Image, engine: Engine) -> Built:
    """Build the image unless its archive is there.

    Raises:
        ImageError: an input is missing or a tool refused.
    """
    wanted = describe(image, engine)
    if wanted.archive.exists():
        return wanted
    engine.prepare()
    with locked(f"image-{image.name}"), _scratch() as context:
        _fill(context, image)
        # Keyed by the copy that is built, because the checkout may be edited meanwhile.
        built = _keyed(image, engine, [context / "src" / Path(source).name for source in image.sources])
        if not built.archive.exists():
            began = time.monotonic()
            _build(image, engine, built, context)
            size = built.archive.stat().st_size >> 20
            say(f"{image.name}: built {built.ref} in {time.monotonic() - began:.1f} s, {size} MiB")
    return built


def _keyed(image: Image, engine: Engine, sources: list[Path]) -> Built:
    _, base = engine.base()
    extras = [make(site(image)) for _, make in image.extras]
    inputs = [image.containerfile, _PACKAGES, *sources, *extras]
    key = tree_key(inputs, [base, site_key(image), str(image.bare), *_tags(image)])
    return Built(f"{REGISTRY}/{image.name}:{key}", _archives() / f"{image.name}-{key}.tar")


def _build(image: Image, engine: Engine, built: Built, context: Path) -> None:
    base = _base(engine)
    if not image.bare:
        base = _packages(image, engine, base)
    say(f"{image.name}: building")
    engine.build(built.ref, image.containerfile, context, base)
    _save(engine, built, [f"{REGISTRY}/{image.name}:{each}" for each in ("dev", *_tags(image))])
    _prune(engine, image, keep={built.ref, base})


def _base(engine: Engine) -> str:
    reference, _ = engine.base()
    with locked("image-base"):
        if not engine.has(reference):
            say(f"making the base image {reference}")
            with _scratch() as scratch:
                engine.make_base(scratch)
    return reference


def _packages(image: Image, engine: Engine, base: str) -> str:
    key = tree_key([_PACKAGES], [engine.base()[1], site_key(image)])
    reference = f"{REGISTRY}/{image.name}-packages:{key}"
    if not engine.has(reference):
        with _scratch() as context:
            _place(site(image), context / "site", _link)
            say(f"{image.name}: layer of Python packages")
            engine.build(reference, _PACKAGES, context, base)
    return reference


def _fill(context: Path, image: Image) -> None:
    for source in image.sources:
        _place(ROOT / source, context / "src" / Path(source).name, shutil.copy2)
    for name, make in image.extras:
        _place(make(site(image)), context / name, _link)


def _place(source: Path, target: Path, how: Callable[[Path, Path], object]) -> None:
    """Put what counts of a file or folder at the target; of an empty folder, an empty folder."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    for file in files_below(source):
        copy = target if source.is_file() else target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        how(file, copy)


def _link(file: Path, copy: Path) -> None:
    """Cheaper than a copy, for files in the cache, which nobody edits."""
    try:
        copy.hardlink_to(file.resolve())
    except OSError:
        shutil.copy2(file, copy)


def _tags(image: Image) -> tuple[str, ...]:
    """Under which the chart asks for it, where that does not follow the chart's version."""
    return (tag(image),) if image.engine else ()


def _save(engine: Engine, built: Built, also: list[str]) -> None:
    _archives().mkdir(parents=True, exist_ok=True)
    with _scratch() as scratch:
        engine.save([built.ref, *also], scratch / "image.tar")
        (scratch / "image.tar").replace(built.archive)


def _prune(engine: Engine, image: Image, keep: set[str]) -> None:
    """Forget what earlier builds of this image left, but for the newest archives."""
    mine = (f"{REGISTRY}/{image.name}:", f"{REGISTRY}/{image.name}-packages:")
    for reference in engine.references():
        if reference.startswith(mine) and reference not in keep:
            engine.remove(reference)
    archives = [path for path in _archives().glob(f"{image.name}-*.tar") if path.stem.rpartition("-")[0] == image.name]
    for old in sorted(archives, key=lambda path: path.stat().st_mtime)[:-_KEPT_ARCHIVES]:
        old.unlink(missing_ok=True)


def _archives() -> Path:
    return cache_root() / "images"


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder on the cache's own disk, so that hard links and renames work."""
    parent = cache_root() / "images" / "scratch"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)
