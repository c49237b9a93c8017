import json
import logging
from pathlib import Path

import pytest

from kefu_serving import keys, release, settings
from kefu_serving.clients.sse import EventLines
from kefu_serving.errors import ConfigurationError
from kefu_serving.logs import JsonFormatter, hashed
from kefu_serving.sessions.cooldown import Cooldown
from kefu_serving.sessions.exchange import Exchange
from kefu_serving.watch import Watched

ARGUMENTS = ["--release", "/r", "--keys", "/k"]


def test_defaults_are_those_of_the_pod() -> None:
    given = settings.parse(ARGUMENTS, {})
    assert (given.host, given.port, given.admin_port, given.tracing) == ("0.0.0.0", 8080, 9090, False)
    assert len(given.salt) >= settings.MIN_SALT
    assert given.salt != settings.parse(ARGUMENTS, {}).salt, "a random salt a process"


def test_a_salt_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "salt").write_text("0123456789abcdef\n")
    assert settings.parse(ARGUMENTS, {"KEFU_USER_SALT_FILE": str(tmp_path / "salt")}).salt == b"0123456789abcdef"
    (tmp_path / "salt").write_text("short")
    with pytest.raises(ConfigurationError, match="at least 16"):
        settings.parse(ARGUMENTS, {"KEFU_USER_SALT_FILE": str(tmp_path / "salt")})


@pytest.mark.parametrize("port", ["-1", "65536", "http", "８０"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings.parse([*ARGUMENTS, "--port", port], {})
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "tracing"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({}, False),
    ],
)
def test_spans_are_exported_only_to_a_named_endpoint(environment: dict[str, str], tracing: bool) -> None:
    assert settings.parse(ARGUMENTS, environment).tracing is tracing


def test_keys_are_files_named_for_them(tmp_path: Path) -> None:
    (tmp_path / "..2026").mkdir()
    for name, content in {
        "web": "key-1\n",
        "shop": "key-2",
        "empty": " \n",
        ".hidden": "key-3",
        "huge": "k" * 5_000,
    }.items():
        (tmp_path / name).write_text(content)
    ring = keys.read(tmp_path)
    assert (len(ring), ring.name_of(b"key-1"), ring.name_of(b"key-2")) == (2, "web", "shop")
    for wrong in (b"", b"key", b"key-11", b"key-3", b"KEY-1"):
        assert ring.name_of(wrong) is None
    assert "key-1" not in repr(vars(ring))


def test_keys_that_cannot_be_read_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        keys.read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "named"),
    [("{", "document"), ('{"name": 3}', "name"), ("x" * (release.MAX_DOCUMENT + 1), "larger")],
)
def test_a_bad_release_is_refused_by_field(content: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "release.json").write_text(content)
    with pytest.raises(ConfigurationError, match=named):
        release.read(tmp_path)


def test_a_watched_path_keeps_its_last_good_value(tmp_path: Path) -> None:
    file = tmp_path / "value"
    values: list[int] = []

    def read(path: Path) -> int:
        try:
            return int(path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigurationError(str(error)) from error

    watched = Watched(file, read, values.append)
    assert not watched.look()
    for content, changed in (("1", True), ("1", True), ("bad", False), ("22", True)):
        fresh = tmp_path / "fresh"
        fresh.write_text(content)
        fresh.rename(file)
        assert watched.look() is changed, content
        assert not watched.look(), "nothing changed since"
    assert values == [1, 1, 22]


def test_a_log_line_is_one_json_object() -> None:
    record = logging.LogRecord("kefu", logging.INFO, __file__, 1, "turn", (), None)
    record.fields = {"outcome": "answered", "language": "zh", "note": "两\n行"}
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["outcome"] == "answered" and json.loads(line)["note"] == "两\n行"


def test_a_hashed_user_depends_on_the_salt() -> None:
    assert hashed("alice", b"a") == hashed("alice", b"a") != hashed("alice", b"b")
    assert hashed(None, b"a") is None and hashed("", b"a") is None


def test_a_cooldown_ends_by_the_clock_or_by_a_success() -> None:
    now = [0.0]
    cooldown = Cooldown(5, lambda: now[0])
    assert not cooldown.active
    cooldown.start()
    now[0] = 4.9
    assert cooldown.active
    now[0] = 5.0
    assert not cooldown.active
    cooldown.start()
    cooldown.stop()
    assert not cooldown.active


def test_an_exchange_survives_the_store() -> None:
    assert Exchange.from_json(Exchange("问？", 'a"b').to_json()) == Exchange("问？", 'a"b')
    for bad in ("{}", "[1]", "nonsense", '["a","b","c"]'):
        with pytest.raises(ValueError):
            Exchange.from_json(bad)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_events_are_cut_alike_however_they_are_chunked(size: int) -> None:
    stream = ': comment\r\n\r\ndata: {"a":1}\r\n\r\nevent: x\ndata:{"b":"数据"}\n\ndata: [DONE]\n\n'.encode()
    lines = EventLines()
    found = [p for at in range(0, len(stream), size) for p in lines.feed(stream[at : at + size])]
    assert found == [b'{"a":1}', '{"b":"数据"}'.encode(), b"[DONE]"]
