from pathlib import Path

import pytest
from hack.demo.errors import NotFit
from hack.demo.preflight import Preflight, available_memory, free_disk

GIB = 1024**3


def test_a_machine_that_has_everything_passes(tmp_path: Path) -> None:
    Preflight(memory=lambda: 8 * GIB, disk=lambda _: 9 * GIB, port_free=lambda *_: True).check(8080, tmp_path)


def test_a_machine_that_does_not_tell_its_memory_passes(tmp_path: Path) -> None:
    Preflight(memory=lambda: None, disk=lambda _: 9 * GIB, port_free=lambda *_: True).check(8080, tmp_path)


@pytest.mark.parametrize(
    ("preflight", "sentence"),
    [
        (Preflight(port_free=lambda *_: False), r"port 8080 is in use.*--port 8081"),
        (Preflight(memory=lambda: GIB, port_free=lambda *_: True), r"1\.0 GiB of memory are available and 3\.0 GiB"),
        (
            Preflight(memory=lambda: 8 * GIB, disk=lambda _: 0, port_free=lambda *_: True),
            r"0\.0 GiB are free on the disk of .* and 2\.0 GiB are needed: free some space",
        ),
    ],
    ids=["port in use", "too little memory", "disk full"],
)
def test_what_is_missing_is_a_sentence_that_says_what_to_do(
    tmp_path: Path, preflight: Preflight, sentence: str
) -> None:
    with pytest.raises(NotFit, match=sentence) as caught:
        preflight.check(8080, tmp_path)
    assert caught.value.exit_code == 69


def test_the_machine_is_really_asked(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    assert available_memory(tmp_path / "meminfo") == 2048 * 1024
    assert available_memory(tmp_path / "absent") is None
    assert free_disk(tmp_path / "not" / "yet" / "there") > 0
