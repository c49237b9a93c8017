"""Taking away what an image does not use: by list, and libraries by halves."""

import ctypes
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hack.images import trim
from hack.images.errors import BuildFailed
from hack.images.hollow import hollow, read

FOLDERS = [Path(folder) for folder in ("/lib/x86_64-linux-gnu", "/lib64", "/usr/lib")]
x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="hollow libraries are made for x86-64 alone")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of a real library with versions: the C library's mathematics."""
    found = next(folder / "libm.so.6" for folder in FOLDERS if (folder / "libm.so.6").exists())
    return Path(shutil.copy(found, tmp_path))


@x86
def test_a_hollow_library_keeps_name_and_versions_and_loses_its_code(library: Path) -> None:
    face, size = read(library.read_bytes()), library.stat().st_size
    assert (face.soname, (b"cos", b"GLIBC_2.2.5") in face.symbols) == (b"libm.so.6", True)
    hollow(library)
    assert library.stat().st_size < size / 2
    handle, find = ctypes.c_void_p(ctypes.CDLL(str(library))._handle), ctypes.CDLL(None).dlvsym
    find.restype = ctypes.c_void_p
    assert [symbol for symbol in face.symbols if not find(handle, *symbol)] == []
    assert not find(handle, b"cos", b"GLIBC_9.9")


@x86
def test_a_program_that_is_linked_against_it_starts_and_ends_when_it_calls(library: Path) -> None:
    hollow(library)
    script = f"import ctypes; library = ctypes.CDLL({str(library)!r}); print('loaded', flush=True); library.cos()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout.strip(), ended.returncode) == ("loaded", -4)


@x86
def test_other_links_of_the_file_keep_their_content(library: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").hardlink_to(library)
    before = library.read_bytes()
    hollow(library)
    assert (tmp_path / "kept").read_bytes() == before != library.read_bytes()


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"#!/bin/sh\n", b"\x7fELF\x02\x01" + bytes(200)):
        (tmp_path / "x.so").write_bytes(content)
        with pytest.raises(BuildFailed, match="no shared library for 64-bit x86"):
            hollow(tmp_path / "x.so")


@x86
def test_listed_files_and_folders_go_and_a_list_that_is_out_of_date_is_named(tmp_path: Path) -> None:
    lists, site = tmp_path / "lists", tmp_path / "site"
    for folder in (lists, site / "gpu", site / "cpu"):
        folder.mkdir(parents=True)
    for name in ("gpu/a.py", "cpu/b.py", "cpu/b.a"):
        (site / name).touch()
    (lists / "left-out.txt").write_text("# not needed\ngpu\ncpu/*.a\n")
    trim.trim(lists, site)
    assert [str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()] == ["cpu/b.py"]
    with pytest.raises(BuildFailed, match=r"left-out\.txt: nothing fits gpu"):
        trim.trim(lists, site)


def test_an_image_without_lists_keeps_its_key(tmp_path: Path) -> None:
    assert trim.recipe(tmp_path) == []
