"""What may follow the words of a command line."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kefu_operator.cli.completion.candidates import Directive, complete
from kefu_operator.cli.completion.scripts import SCRIPTS
from kefu_operator.cli.main import COMMANDS, main


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser("kefu")
    commands = whole.add_subparsers()
    status = commands.add_parser("status", help="show")
    status.add_argument("chatbot", nargs="?")
    status.add_argument("--output", "-o", choices=["text", "json"], help="form")
    status.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)
    knowledge = commands.add_parser("knowledge", help="versions")
    verbs = knowledge.add_subparsers()
    verbs.add_parser("diff", help="compare").add_argument("--state", type=Path)
    commands.add_parser("run", help="serve").add_argument("paths", nargs="+")
    return whole


def words(*line: str) -> list[str]:
    return [word for word, _ in complete(parser(), line).words]


def test_without_a_word_all_commands_may_follow() -> None:
    assert words() == words("") == ["knowledge", "run", "status"]


def test_a_word_that_is_being_typed_chooses() -> None:
    assert words("st") == ["status"]
    assert words("x") == []


def test_each_candidate_says_what_it_is() -> None:
    assert complete(parser(), ["st"]).words == (("status", "show"),)


def test_commands_within_commands() -> None:
    assert words("knowledge", "") == ["diff"]
    assert words("knowledge", "diff", "--st") == ["--state"]


def test_options_and_their_choices_and_hidden_ones_never() -> None:
    assert words("status", "-") == ["--help", "--output", "-h", "-o"]
    assert words("status", "--output", "") == ["json", "text"]
    assert words("status", "shop", "-o", "j") == ["json"]


def test_files_may_follow_where_a_path_or_a_name_is_expected_and_nowhere_else() -> None:
    assert complete(parser(), ["run", "a.yaml", ""]).directive == Directive.DEFAULT
    assert complete(parser(), ["knowledge", "diff", "--state", ""]).directive == Directive.DEFAULT
    assert complete(parser(), ["status", "shop", ""]).directive == Directive.NO_FILES
    assert complete(parser(), [""]).directive == Directive.NO_FILES


def test_the_real_command_completes_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["__complete", ""]) == 0
    *told, directive = capsys.readouterr().out.splitlines()
    assert {line.partition("\t")[0] for line in told} == set(COMMANDS)
    assert directive == ":4"


def test_the_plugin_calls_itself_by_kubectls_name() -> None:
    script = Path(sys.executable).with_name("kubectl-kefu")
    told = subprocess.run([str(script), "--help"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("usage: kubectl kefu ")


def test_kubectls_completion_is_answered() -> None:
    script = Path(sys.executable).with_name("kubectl_complete-kefu")
    told = subprocess.run([str(script), "status", "--out"], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["--output", ":4"]


def test_bash_completes_through_its_script() -> None:
    line = "COMP_WORDS=(kefu completion z); COMP_CWORD=2; _kefu; printf '%s\\n' \"${COMPREPLY[@]}\""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    told = subprocess.run(
        ["bash", "-c", f"{SCRIPTS['bash']}\n{line}"], capture_output=True, text=True, check=True, env={"PATH": path}
    )
    assert told.stdout.split() == ["zsh"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    check = [program, "-n"] if shell == "zsh" else [program, "--no-execute"]
    subprocess.run(check, input=SCRIPTS[shell], text=True, check=True)
