"""Tags of engines' images: another one where they hold something else, and only there."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hack.images.build import build
from hack.images.catalog import ROOT, Image, images_named
from hack.images.errors import MissingInput, OutOfDate
from hack.images.tags import check, tag, write


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """With all that an engine's image can be made of."""
    folder = tmp_path / "checkout" / "ours"
    (folder / "launcher").mkdir(parents=True)
    (folder / "launcher" / "__main__.py").write_text("serve()\n")
    (folder / "Containerfile").write_text("FROM ${BASE}\n")
    (folder / "left-out.txt").write_text("tests\n")
    (folder / "lock.txt").write_text("numpy==2.1\nfast-engine==1.4.2 \\\n    --hash=sha256:ab\n")
    (folder / "apart.txt").write_text("torch==2.13.0\n")
    return Image(
        str(folder),
        str(folder / "lock.txt"),
        (str(folder / "launcher"),),
        apart=str(folder / "apart.txt"),
        engine="fast-engine",
        made_by=lambda: "-O2",
    )


def edited(name: str) -> Callable[[Image], Image]:
    """The same image after an edit of one of its files."""

    def edit(image: Image) -> Image:
        with (Path(image.name) / name).open("a") as file:
            file.write("# changed\n")
        return image

    return edit


CHANGES = {
    "its packages": edited("lock.txt"),
    "packages that are installed apart": edited("apart.txt"),
    "its Containerfile": edited("Containerfile"),
    "what is left out": edited("left-out.txt"),
    "our launcher": edited("launcher/__main__.py"),
    "how it is compiled": lambda image: replace(image, made_by=lambda: "-O3"),
}


def test_a_tag_begins_with_the_engines_own_version(image: Image) -> None:
    version, _, key = tag(image).rpartition("-")
    assert (version, len(key)) == ("1.4.2", 8)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_an_image_is_made_of_gives_it_another_tag_and_the_chart_is_out_of_date(
    image: Image, change: Callable[[Image], Image], tmp_path: Path
) -> None:
    before, file = tag(image), tmp_path / "engine-images.yaml"
    write(file, [image])
    check(file, [image])
    changed = change(image)
    assert tag(changed) != before
    with pytest.raises(OutOfDate, match="run: make tags"):
        check(file, [changed])


def test_another_version_of_the_engine_has_another_tag(image: Image) -> None:
    lock = Path(image.lock)
    lock.write_text(lock.read_text().replace("1.4.2", "1.4.3"))
    assert tag(image).startswith("1.4.3-")


def test_neither_the_machine_nor_the_place_of_the_checkout_decides(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tag(image)
    moved = tmp_path / "elsewhere" / "ours"
    shutil.copytree(image.name, moved)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    there = replace(image, name=str(moved), lock=str(moved / "lock.txt"), sources=(str(moved / "launcher"),))
    assert tag(there) == before


def test_an_engine_that_no_lock_pins_is_named(image: Image) -> None:
    with pytest.raises(MissingInput, match="pins other-engine; write it with: make lock"):
        tag(replace(image, engine="other-engine"))


def test_the_chart_has_the_tags_of_what_the_checkout_builds() -> None:
    check()


def test_the_launcher_runs_by_what_its_image_holds_of_ours(tmp_path: Path) -> None:
    (image,) = images_named(["llamacpp"])
    package = tmp_path / "kefu_serving"
    package.mkdir()
    for source in map(ROOT.joinpath, image.sources):
        if source.is_dir():
            shutil.copytree(source, package / source.name)
        else:
            shutil.copy2(source, package)
    # Without site-packages, where the whole of kefu_serving is installed.
    line = [sys.executable, "-S", "-m", "kefu_serving.engines.llamacpp", "--help"]
    done = subprocess.run(
        line, cwd=tmp_path, env={"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@dataclass
class Builder:
    """Has everything already, and remembers what it was told to save."""

    name: str = "fake"
    saved: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        pass

    def base(self) -> tuple[str, str]:
        return "base", "key"

    def make_base(self, scratch: Path) -> None:
        raise AssertionError("the store has it")

    def has(self, reference: str) -> bool:
        return True

    def build(self, reference: str, containerfile: Path, context: Path, base: str) -> None:
        pass

    def save(self, references: list[str], archive: Path) -> None:
        self.saved = references
        archive.touch()

    def references(self) -> list[str]:
        return []

    def remove(self, reference: str) -> None:
        raise AssertionError("there is nothing to remove")


@pytest.mark.parametrize("name", ["llamacpp", "gateway"])
def test_an_archive_carries_the_tag_that_the_chart_asks_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path))
    (image,) = images_named([name])
    builder = Builder()
    built = build(replace(image, extras=()), builder)
    tags = [f"kefu.local/llamacpp:{tag(image)}"] if image.engine else []
    assert builder.saved == [built.ref, f"kefu.local/{name}:dev", *tags]
