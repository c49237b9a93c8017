import errno
import io
import json
import sys
from pathlib import Path

import pytest

from kefu_operator.fetch.told import parse
from kefu_operator.local.backoff import Backoff
from kefu_operator.local.console import Console, wants_colour
from kefu_operator.local.encoder import SHA256, find_encoder
from kefu_operator.local.environment import environment
from kefu_operator.local.errors import DiskFull, EncoderMissing, ProgramMissing
from kefu_operator.local.events import Tone
from kefu_operator.local.files import telling_disk_full, write_atomically
from kefu_operator.local.logs import LogFile
from kefu_operator.local.options import engine_builds
from kefu_operator.local.programs import resolve


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_delays_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first=1, ceiling=10)
    assert [backoff.after(0) for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_a_healthy_minute_is_forgiven() -> None:
    backoff = Backoff(first=1)
    for _ in range(4):
        backoff.after(59)
    assert backoff.after(60) == 1
    assert backoff.after(0) == 2


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff()
    assert [backoff.after(0) for _ in range(5000)][-1] == backoff.ceiling


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({"event": "progress", "done": 412e6, "total": 1117e6, "seconds_left": 12}, "36 % (412 of 1117 MB, 12 s left)"),
        ({"event": "progress", "done": 1, "total": 4_000_000, "seconds_left": None}, "0 % (0 of 4 MB)"),
        ({"event": "progress", "done": 5_000_000, "total": None}, "5 MB"),
    ],
)
def test_progress_is_told_as_people_read_it(line: dict[str, object], shown: str) -> None:
    assert str(parse(json.dumps(line).encode())) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({"done": 37, "total": 100, "seconds_left": 125}, "37 %, 2 min left"),
        ({"done": 99, "total": 100, "seconds_left": 3}, "99 %, 1 min left"),
        ({"done": 1, "total": 100, "seconds_left": None}, "1 %"),
        ({"done": 5_000_000, "total": None}, "5 MB"),
    ],
)
def test_progress_is_told_in_a_status_without_what_changes_all_the_time(line: dict[str, object], shown: str) -> None:
    told = parse(json.dumps({"event": "progress", **line}))
    assert told is not None
    assert told.brief == shown


@pytest.mark.parametrize("line", [b"", b"loading", b"[1]", b'{"event": "done"}', b'{"reason": "x"}'])
def test_other_lines_are_no_progress(line: bytes) -> None:
    assert parse(line) is None


def test_a_log_never_grows_beyond_its_limit_and_one_predecessor(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs/a.log", limit=1000)
    for number in range(200):
        log.write(f"line {number}".encode())
    assert sum(file.stat().st_size for file in (tmp_path / "logs").iterdir()) <= 2000
    assert sorted(file.name for file in (tmp_path / "logs").iterdir()) == ["a.log", "a.log.1"]
    assert log.file.read_text().endswith("line 199\n")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b"one", b"two", b""], "two"),
        ([b'{"level": "error", "msg": "no release"}'], "no release"),
        ([b'{"level": "error", "message": "no release"}'], "no release"),
        ([b'"text"'], '"text"'),
        ([], ""),
    ],
)
def test_the_last_words_are_quoted_as_a_person_would(tmp_path: Path, lines: list[bytes], words: str) -> None:
    log = LogFile(tmp_path / "a.log")
    for line in lines:
        log.write(line)
    assert log.last_words() == words


def test_a_full_disk_loses_log_lines_and_not_the_process() -> None:
    log = LogFile(Path("/dev/full"))
    log.write(b"a line")
    assert log.last_words() == "a line"


def test_a_full_disk_is_told_in_a_sentence() -> None:
    with pytest.raises(DiskFull, match=r"no space left on the disk of /x.*--state"), telling_disk_full(Path("/x")):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_other_faults_of_a_disk_are_not_called_full() -> None:
    with pytest.raises(PermissionError), telling_disk_full(Path("/x")):
        raise PermissionError(errno.EACCES, "denied")


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "1")
    write_atomically(tmp_path / "a", "2", mode=0o600)
    assert (tmp_path / "a").read_text() == "2"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_children_do_not_see_secrets_that_are_not_theirs() -> None:
    ours = {
        "PATH": "/bin",
        "HF_TOKEN": "hub",
        "AWS_SECRET_ACCESS_KEY": "cloud",
        "KEFU_CACHE": "/c",
        "https_proxy": "http://p",
        "LC_ALL": "C.UTF-8",
    }
    seen = environment({"OWN": "1"}, inherited=ours)
    assert seen == {
        "PATH": "/bin",
        "KEFU_CACHE": "/c",
        "https_proxy": "http://p",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "OWN": "1",
    }
    assert environment({}, hub=True, inherited=ours)["HF_TOKEN"] == "hub"


def test_the_programs_of_images_are_found_on_this_machine() -> None:
    assert resolve(["python", "-m", "kefu_serving", "--port", "1"])[0] == sys.executable
    found, argument = resolve(["valkey-server", "--help"])
    assert Path(found).is_file()
    assert argument == "--help"


@pytest.mark.parametrize("command", [["python", "-m", "absent_package.part"], ["absent-program"]])
def test_what_is_not_installed_is_named_with_the_remedy(command: list[str]) -> None:
    with pytest.raises(ProgramMissing, match=r"absent.* is not installed.*: install"):
        resolve(command)


def test_the_encoder_is_looked_for_where_it_was_said_then_in_the_store(tmp_path: Path) -> None:
    stored = tmp_path / "sha256" / SHA256 / "encoder.onnx"
    stored.parent.mkdir(parents=True)
    given = tmp_path / "given.onnx"
    for file in (stored, given):
        file.touch()
    assert find_encoder(tmp_path, {}) == stored
    assert find_encoder(tmp_path, {"KEFU_ENCODER_PATH": str(given)}) == given
    assert find_encoder(tmp_path, {}, given) == given


def test_a_missing_encoder_is_told_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match=r"hack\.models fetch encoder.*--encoder"):
        find_encoder(tmp_path, {})
    with pytest.raises(EncoderMissing, match="no sentence encoder at /nowhere: correct --encoder"):
        find_encoder(tmp_path, {}, Path("/nowhere"))


def test_the_encoder_is_the_one_of_the_model_table() -> None:
    table = (Path(__file__).parents[3] / "hack/models/models.toml").read_text()
    assert SHA256 in table


def test_lines_have_seconds_and_colours_only_where_wanted() -> None:
    times = iter([0.0, 1.25, 2.5])
    stream = io.StringIO()
    console = Console(stream, now=lambda: next(times))
    console.tell("shop-gateway", "ready", Tone.GOOD)
    assert stream.getvalue() == f"    1.2 s  {'shop-gateway':<22} ready\n"
    painted = Terminal()
    Console(painted, colour=True).tell("a", "broke", Tone.BAD)
    assert "\x1b[31m" in painted.getvalue()


def test_no_color_is_respected() -> None:
    assert wants_colour(Terminal(), {})
    assert not wants_colour(Terminal(), {"NO_COLOR": "1"})
    assert not wants_colour(Terminal(), {"TERM": "dumb"})
    assert not wants_colour(io.StringIO(), {})


def test_progress_overwrites_itself_on_a_terminal_and_is_thinned_out_elsewhere() -> None:
    clock = iter(float(second) for second in range(100))
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        console = Console(stream, colour=False, now=lambda: next(clock))
        for percent in range(10):
            console.tell("engine", f"{percent} %", Tone.PASSING)
        console.tell("engine", "ready", Tone.GOOD)
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") == 11
    assert 2 <= file.getvalue().count("\n") <= 6


def test_a_reader_that_went_away_does_not_stop_the_servers() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    console = Console(Gone())
    console.tell("a", "one", Tone.GOOD)
    console.tell("a", "two", Tone.GOOD)


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({"KEFU_CACHE": "/c"}, "/c/engines/current"),
        ({"KEFU_CACHE": "/c", "KEFU_ENGINE_BUILDS": "/b"}, "/b"),
        ({"KEFU_CACHE": "/c", "KEFU_ENGINE_BUILDS": ""}, ""),
    ],
)
def test_builds_of_the_engine_lie_in_the_cache_unless_the_environment_says_otherwise(
    given: dict[str, str], folder: str
) -> None:
    assert engine_builds(given) == folder
