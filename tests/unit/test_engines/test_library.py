"""Which build of llama.cpp serves, by what the CPU and the folders say."""

from pathlib import Path

import pytest
from hack.engines import build as builder
from hack.engines.variant import CMAKE_ARGS, CPU_FLAGS, NAME
from hack.images.catalog import ROOT

from kefu_serving.engines import library
from kefu_serving.engines.library import VARIABLE, builds_folder, cpu_flags, fitting_build

AVX2 = "fpu sse4_2 avx avx2 bmi2 f16c fma"
AVX512 = f"{AVX2} avx512f avx512bw avx512cd avx512dq avx512vl"
ALL = f"{AVX512} avx512vbmi avx512_vnni avx512_bf16"
AARCH64 = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics\n"
VERSION = "2026.10.11549"


def cpuinfo(*flags: str) -> str:
    cpus = enumerate(flags)
    return "\n".join(f"processor\t: {number}\nvendor_id\t: X\nflags\t\t: {words}\n" for number, words in cpus)


def made(folder: Path, name: str, flags: str, version: str = VERSION) -> Path:
    (folder / name / f"xllamacpp-{version}.dist-info").mkdir(parents=True)
    (folder / name / "cpu-flags").write_text(flags)
    return folder / name


def chosen(folder: Path, text: str) -> str | None:
    (folder / "cpuinfo").write_text(text)
    build = fitting_build(folder, VERSION, folder / "cpuinfo")
    return build.name if build else None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(cpuinfo(ALL, ALL), NAME, id="all that it needs"),
        pytest.param(cpuinfo(AVX2), None, id="AVX2 only"),
        pytest.param(cpuinfo(AVX512), None, id="AVX-512 without VNNI"),
        pytest.param(cpuinfo(ALL, AVX2), None, id="one core lacks it"),
        pytest.param(AARCH64, None, id="another architecture"),
        pytest.param("", None, id="a kernel that says nothing"),
    ],
)
def test_the_cpu_decides(tmp_path: Path, text: str, name: str | None) -> None:
    made(tmp_path, NAME, "\n".join(CPU_FLAGS))
    assert chosen(tmp_path, text) == name


def test_of_several_the_one_that_needs_most_serves(tmp_path: Path) -> None:
    made(tmp_path, "a-plain", AVX512)
    made(tmp_path, "b-more", f"{AVX512} avx512_vnni")
    made(tmp_path, "c-too-much", f"{ALL} amx_int8")
    assert chosen(tmp_path, cpuinfo(ALL)) == "b-more"


def test_what_is_no_build_of_this_version_is_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "older", AVX512, version="2026.9.1")
    made(tmp_path, "says-nothing", "")
    (tmp_path / "no-flags" / f"xllamacpp-{VERSION}.dist-info").mkdir(parents=True)
    assert chosen(tmp_path, cpuinfo(ALL)) is None


def test_without_a_folder_the_wheel_serves(tmp_path: Path) -> None:
    assert fitting_build(None, VERSION) is None
    assert fitting_build(tmp_path / "absent", VERSION) is None
    assert builds_folder({VARIABLE: ""}) is None
    assert builds_folder({VARIABLE: "/opt/builds"}) == Path("/opt/builds")


def test_the_build_comes_first_on_the_childs_path(tmp_path: Path) -> None:
    folder = made(tmp_path, NAME, AVX512)
    build = library.Build(folder, cpu_flags(cpuinfo(AVX512)))
    assert build.environment({"PYTHONPATH": "/src:/site", "A": "b"}) == {"PYTHONPATH": f"{folder}:/src:/site", "A": "b"}
    assert build.environment({}) == {"PYTHONPATH": str(folder)}


def test_the_builder_and_the_launcher_speak_of_the_same_files() -> None:
    assert (builder.FLAGS, builder.PACKAGE) == (library.FLAGS, library.PACKAGE)


def test_the_build_has_the_version_of_every_wheel() -> None:
    pins = {line for name in ("llamacpp", "dev") for line in _lines(name) if line.startswith(f"{library.PACKAGE}==")}
    assert len(pins) == 1
    assert builder.LOCK.name == "llamacpp.txt"


@pytest.mark.parametrize("name", ["BF16", "AMX", "VBMI2"])
def test_what_only_some_of_these_cpus_have_is_off(name: str) -> None:
    assert not [word for word in (*CMAKE_ARGS, *CPU_FLAGS) if name in word.upper()]


def _lines(name: str) -> list[str]:
    return (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
