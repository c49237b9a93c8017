"""The table of models holds what its readers rely on."""

import re
from pathlib import Path

import pytest
from hack.models.errors import NotFetched, UnknownModel
from hack.models.table import find, load_table

from kefu_operator.fetch.uri import HubSource, parse_uri


def test_every_row_is_complete() -> None:
    table = load_table()
    assert set(table) >= {"qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "encoder"}
    for model in table.values():
        assert re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert model.licence
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9.]+", model.packages.requirement(1))
        if model.uri:
            source = parse_uri(model.uri)
            assert isinstance(source, HubSource)
            assert source.file == model.file


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match=r"no model is called 'gpt'; the table has: qwen2\.5-coder-1\.5b, "):
        find(load_table(), "gpt")


def test_an_absent_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    model = load_table()["encoder"]
    with pytest.raises(NotFetched, match=r"run: python -m hack\.models fetch encoder"):
        model.require(tmp_path)
    model.path(tmp_path).parent.mkdir(parents=True)
    model.path(tmp_path).write_bytes(b"half")
    with pytest.raises(NotFetched):
        model.require(tmp_path)
