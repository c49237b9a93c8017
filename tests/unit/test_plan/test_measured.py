"""The arithmetic of memory against what models took of a real H100: `hack/gpu/memory.py` wrote h100.json there."""

import json
from pathlib import Path
from typing import Any

import pytest

from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.room import Layout, room, runtime
from kefu_operator.plan.fit.shape import Format, ModelShape, weights

MEASURED: dict[str, Any] = json.loads((Path(__file__).parent / "h100.json").read_text())
NVIDIA_SMI = 81_559 * 2**20
"""Bytes that the device's owner reads off it, and the accelerator table holds; CUDA gives less."""


def model(name: str) -> ModelShape:
    found = known_model(f"hf://some/{name}")
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "figures"), MEASURED["models"].items())
def test_weights_and_cache_are_what_the_allocator_counted(name: str, figures: dict[str, Any]) -> None:
    shape = model(name)
    # The allocator rounds each large tensor up to 2 MiB.
    assert weights(shape, Format.BFLOAT16) == pytest.approx(figures["weights"], rel=0.006)
    assert shape.cache_per_token == figures["cachePerToken"]


@pytest.mark.parametrize(("name", "figures"), MEASURED["models"].items())
def test_the_tokens_that_are_promised_lay_in_memory_beside_the_largest_batch(
    name: str, figures: dict[str, Any]
) -> None:
    promised = room(model(name), Layout(Format.BFLOAT16, 1, 1), NVIDIA_SMI, 0.9).tokens
    assert figures["held"]
    assert promised == pytest.approx(figures["tokens"], rel=0.02)


def test_what_is_set_aside_covers_what_was_measured_beside_weights_and_cache() -> None:
    unseen = 0.9 * (NVIDIA_SMI - MEASURED["memory"])
    most = max(figures["activations"] for figures in MEASURED["models"].values())
    assert unseen + MEASURED["context"] + most < runtime(NVIDIA_SMI)
