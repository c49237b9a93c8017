import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu_operator.cli.main import COMMANDS, main
from tests.unit.test_local.objects import chatbot, config_map, index, secret, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", index(), chatbot(), config_map())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"kefu {command}" in text.partition("examples:")[2]


def test_the_help_lists_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in COMMANDS)
    assert "69" in text.partition("exit codes:")[2]


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("kefu 0.")


@pytest.mark.parametrize(
    "words", [[], ["absent"], ["run"], ["run", "x", "--port", "0"], ["run", "x", "--port", "http"]]
)
def test_a_wrong_command_line_is_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_valid_files_have_no_findings(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(shop)]) == 0
    assert capsys.readouterr().out == "3 objects: no errors, no warnings\n"


def test_a_mistake_is_one_line_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, index(), chatbot(persona={"nmae": "小库"}), config_map())
    assert main(["validate", str(folder)]) == 1
    first, verdict = capsys.readouterr().out.splitlines()
    assert "error: ChatbotDeployment/shop: spec.persona.nmae: unknown field; did you mean name?" in first
    assert verdict == "3 objects: 1 error, no warnings"


def test_a_dangling_reference_is_a_warning_that_strict_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path, chatbot())
    assert main(["validate", str(folder)]) == 0
    assert "warning: ChatbotDeployment/shop: spec.knowledge[0].name" in capsys.readouterr().out
    assert main(["validate", str(folder), "--strict"]) == 1


def test_findings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, chatbot(modle={}))
    assert main(["validate", str(folder), "--output", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {entry["field"] for entry in found if entry["severity"] == "error"} == {"spec.modle"}


def test_rendering_shows_all_objects_in_the_namespace(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(shop), "--namespace", "acme"]) == 0
    objects = list(yaml.safe_load_all(capsys.readouterr().out))
    kinds = {(made["kind"], made["metadata"]["name"]) for made in objects}
    assert {("Deployment", "shop-gateway"), ("Service", "shop-redis"), ("ConfigMap", "shop-release")} <= kinds
    assert "Job" in {kind for kind, _ in kinds}
    assert {made["metadata"]["namespace"] for made in objects} == {"acme"}


def test_rendering_for_a_cluster_with_the_milvus_operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, index(store={"managed": {}}), config_map())
    made = {}
    for options in ((), ("--milvus-operator",)):
        assert main(["render", str(folder), *options]) == 0
        objects = yaml.safe_load_all(capsys.readouterr().out)
        made[options] = {found["kind"] for found in objects if found["metadata"]["name"] == "shop-milvus"}
    assert made == {
        (): {"NetworkPolicy", "PersistentVolumeClaim", "Service", "Deployment"},
        ("--milvus-operator",): {"NetworkPolicy", "Milvus"},
    }


@pytest.mark.parametrize(("words", "kind"), [([], "StatefulSet"), (["--leader-worker-sets"], "LeaderWorkerSet")])
def test_rendering_shows_what_runs_an_engine_over_several_nodes(
    words: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec: dict[str, Any] = {"model": {"uri": "pvc://models/qwen"}, "engine": {"vllm": {"nodes": 2}}}
    assert main(["render", str(write(tmp_path, index(), chatbot(**spec), config_map())), *words]) == 0
    objects = yaml.safe_load_all(capsys.readouterr().out)
    found = {made["kind"] for made in objects if "kefu.dev/engine" in made["metadata"]["labels"]}
    assert found & {"StatefulSet", "LeaderWorkerSet", "Deployment"} == {kind}


def test_rendering_prints_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    access = {"apiKeysSecret": {"name": "mine"}}
    folder = write(tmp_path, index(), chatbot(access=access), config_map(), secret("mine", web="do-not-print-me"))
    assert main(["render", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "do-not-print-me" not in text
    generated = [line for line in text.splitlines() if "<random>" in line]
    keys = [line for line in generated if line == "  key: <random>  # made at random by the operator, once"]
    users = [line for line in generated if line not in keys]
    assert (len(keys), len(users)) == (4, 1)
    assert "user default on ><random>" in users[0]


def test_rendering_invalid_files_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(write(tmp_path, chatbot(modle={})))]) == 1
    assert "spec.modle" in capsys.readouterr().err


def test_an_unknown_accelerator_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec: dict[str, Any] = {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "engine": {"accelerator": {"class": "h100"}}}
    assert main(["render", str(write(tmp_path, index(), chatbot(**spec), config_map()))]) == 1
    assert "'h100' is not in the operator's table" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "validate", "render"])
def test_a_missing_file_is_a_sentence(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "/absent/shop.yaml"]) == 1
    assert capsys.readouterr().err == "kefu: /absent/shop.yaml: no such file or folder: correct the path\n"


def test_asking_where_nothing_runs_is_69(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["chat", "hello"]) == 69
    assert "nothing runs in" in (told := capsys.readouterr().err)
    assert "kefu run PATH" in told


@pytest.mark.parametrize("words", [["validate"], ["render"]])
def test_checking_files_imports_no_client_and_no_framework(words: list[str], shop: Path) -> None:
    script = (
        "import sys; from kefu_operator.cli.main import main; code = main(sys.argv[1:]);"
        "heavy = {'kubernetes', 'aiohttp', 'orjson'} & set(sys.modules); print(heavy, file=sys.stderr); sys.exit(code or len(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words, str(shop)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
