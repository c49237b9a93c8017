"""What the launcher refuses, and how it words a death."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kefu_serving.engines.child import run_child
from kefu_serving.engines.errors import AddressError, ModelFileError
from kefu_serving.engines.llamacpp import check_address, check_model, crash, log_native, main


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"<html>")
    with pytest.raises(ModelFileError, match="is not a GGUF file"):
        check_model(tmp_path / "x.gguf")
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        check_model(tmp_path / "absent.gguf")


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use; choose"):
            check_address("127.0.0.1", port)


def test_exit_codes_and_one_json_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", str(tmp_path / "absent"), "--alias", "x"]) == 66
    record = json.loads(capsys.readouterr().out)
    assert (record["level"], record["logger"]) == ("error", "kefu.engine.llamacpp")


@pytest.mark.parametrize(
    "arguments", [["--alias", "x"], ["--model", "m", "--alias", "x", "--port", "0"], ["--context"]]
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 64


def test_a_context_too_small_for_its_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--model", "m", "--alias", "x", "--context", "1024", "--parallel", "8"])
    assert "leaves 128 tokens to each of 8 parallel answers: give at least 2048" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (-signal.SIGKILL, "SIGKILL: most likely out of memory", 137),
        (-signal.SIGILL, "this CPU lacks instructions", 132),
        (-signal.SIGSEGV, "SIGSEGV: a crash in native code", 139),
        (1, "ended with status 1", 70),
    ],
)
def test_a_death_gets_a_reason(status: int, words: str, code: int) -> None:
    error = crash(status)
    assert words in str(error)
    assert error.exit_code == code


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ("0.00.012.751 E gguf_init: invalid magic", "error", "gguf_init: invalid magic"),
        ("0.01.163.719 W load: odd token", "warning", "load: odd token"),
        ("terminate called", "info", "terminate called"),
        ("kefu-ready 1.5", "info", "ready"),
    ],
)
def test_native_lines_become_json(line: str, level: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    log_native(line)
    record = json.loads(capsys.readouterr().out)
    assert (record["level"], record["message"]) == (level, message)


def test_a_child_hands_on_its_lines_and_its_status() -> None:
    lines: list[str] = []
    assert run_child([sys.executable, "-c", "print('好'); print('b'); raise SystemExit(3)"], lines.append) == 3
    assert lines == ["好", "b"]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    code = (
        "import sys; from kefu_serving.engines.child import run_child\n"
        f"status = run_child([sys.executable, '-c', {stubborn!r}], lambda line: print(line, flush=True))\n"
        "sys.exit(0 if status is None else 1)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        parent.terminate()
        assert parent.wait(timeout=60) == 0
