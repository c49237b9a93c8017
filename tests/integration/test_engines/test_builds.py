"""The build for newer CPUs over a real model: the launcher chooses it, it computes with AVX-512, and it answers."""

import json
import os
import subprocess
import sys
import urllib.request
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hack.engines.build import PACKAGE, current
from hack.engines.variant import NAME

from kefu_serving.engines.library import CPUINFO, VARIABLE, WHEEL, Build, cpu_flags, fitting_build
from tests.integration.test_engines.launcher import Engine, launched

pytestmark = pytest.mark.model

QUESTION = "退货期限是几天？"
SYSTEM = "Answer only from this text. 退货期限是7天。The warranty lasts 12 months."


@pytest.fixture(scope="module")
def build() -> Build:
    """The build that this machine's cache has for this CPU."""
    made = current() / NAME / "cpu-flags"
    if not made.exists():
        pytest.skip("the build is not in the cache; compile it: python -m hack.engines")
    if lacking := set(made.read_text().split()) - cpu_flags(CPUINFO.read_text()):
        pytest.skip(f"this CPU has no {', '.join(sorted(lacking))}")
    found = fitting_build(current(), metadata.version(PACKAGE))
    assert found is not None, "the cache has a build of another version; compile this one: python -m hack.engines"
    return found


def asked(engine: Engine, **options: Any) -> str:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    body = {"messages": messages, "temperature": 0, "max_tokens": 40, **options}
    request = urllib.request.Request(
        f"{engine.url}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


def loading(engine: Engine) -> dict[str, Any]:
    (line,) = [line for line in engine.lines if line["message"] == "loading"]
    return line


def libraries(process: int) -> set[str]:
    """The files of the package that the launcher's child has in memory (proc(5), maps)."""
    (child,) = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return {line.split()[-1] for line in Path(f"/proc/{child}/maps").read_text().splitlines() if "abi3.so" in line}


def test_it_is_compiled_for_avx_512(build: Build) -> None:
    script = f"import {PACKAGE}; print({PACKAGE}.get_system_info())"
    done = subprocess.run(
        [sys.executable, "-c", script], env=build.environment(), capture_output=True, text=True, check=True
    )
    for feature in ("AVX512", "AVX512_VBMI", "AVX512_VNNI"):
        assert f"{feature} = 1" in done.stdout
    for feature in ("AVX512_BF16", "AMX_INT8"):
        assert f"{feature} = 1" not in done.stdout


def test_it_answers_and_keeps_to_a_schema(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(current()))
    with launched("--alias", "shop", "--context", "1024", "--parallel", "1") as engine:
        assert loading(engine)["build"] == build.name
        assert libraries(engine.process.pid) == {os.path.realpath(build.folder / PACKAGE / f"{PACKAGE}.abi3.so")}
        assert "7" in asked(engine)
        schema = {"type": "object", "properties": {"days": {"type": "integer"}}, "required": ["days"]}
        shaped = asked(engine, response_format={"type": "json_schema", "json_schema": {"name": "d", "schema": schema}})
        assert json.loads(shaped) == {"days": 7}


def test_an_empty_variable_keeps_to_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    with launched("--alias", "shop", "--context", "1024", "--parallel", "1") as engine:
        assert loading(engine)["build"] == WHEEL
        assert not any(str(current().resolve()) in file for file in libraries(engine.process.pid))
