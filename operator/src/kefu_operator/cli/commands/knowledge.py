"""`kefu knowledge`: the versions of an index, what differs, how good they are, and which one answers."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kefu_api.wire.versions import EvaluateRequest, EvaluateResponse, VersionDiff
from kefu_operator.cli.errors import NotFound
from kefu_operator.cli.knowledge import show
from kefu_operator.cli.knowledge.change import before_it, newest_other, wait_for
from kefu_operator.cli.knowledge.draft.options import add_drafting, drafting_of
from kefu_operator.cli.knowledge.options import add_place, place_of
from kefu_operator.cli.knowledge.place import IndexView, Place, chosen
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.exits import FAILED, OK

EXAMPLES = """\
  kefu knowledge versions                    every version, what it changes and how it scores
  kefu knowledge diff shop                   what the newest version changes in the published one
  kefu knowledge publish shop v0a1b2c3d4e    let this version answer, and stay with it
  kefu knowledge publish shop --newest       let whatever passes the gates answer again
  kefu knowledge rollback shop               go back to the version before
  kefu knowledge evaluate shop               ask the golden questions again
  kefu knowledge draft shop --out mine.yaml  have golden questions drafted from what the index holds

Without --cluster, -n or --context it works on what `kefu run` serves here, else on the current namespace of the cluster.
"""
WAIT = 60.0

Act = Callable[[Place, argparse.Namespace, Output], int]


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "knowledge", summary, EXAMPLES, handle)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = _action(actions, "versions", "list the versions of an index", versions, named="?")
    listed.description = "Newest first: state, documents, chunks, what each changes, scores, gates that it fails."
    diff_ = _action(actions, "diff", "show what a version changes in another", diff)
    diff_.add_argument("before", nargs="?", help="a version (default: the published one)")
    diff_.add_argument("after", nargs="?", help="a version (default: the newest other one)")
    publish_ = _action(actions, "publish", "let a version answer", publish)
    publish_.add_argument("version", nargs="?", help="a version that the index holds")
    publish_.add_argument("--newest", action="store_true", help="let go: publish what passes the gates by itself again")
    rollback_ = _action(actions, "rollback", "go back to an earlier version", rollback)
    rollback_.add_argument("--to", metavar="VERSION", help="which one (default: the newest kept one before)")
    for changing in (publish_, rollback_):
        changing.add_argument(
            "--wait",
            type=float,
            default=WAIT,
            metavar="SECONDS",
            help="how long to wait until it answers (0: not at all)",
        )
    evaluate_ = _action(actions, "evaluate", "ask golden questions of a version", evaluate)
    evaluate_.add_argument("--version", help="which one (default: the published one)")
    evaluate_.add_argument(
        "--questions", type=Path, action="append", metavar="FILE", help="YAML list (default: that of spec.evaluation)"
    )
    drafting_ = _action(actions, "draft", "draft golden questions from what an index holds", draft)
    add_drafting(drafting_)


def _action(actions: Any, name: str, summary: str, act: Act, named: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
    parser.add_argument("index", nargs=named, help="name of the KnowledgeIndex")
    add_place(parser)
    parser.add_argument("--output", "-o", choices=["text", "json"], default="text")
    parser.set_defaults(act=act)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Run one action.

    Raises:
        CliError: there is nothing to work on, or it was refused.
    """
    act: Act = arguments.act
    return act(place_of(arguments), arguments, Output())


def versions(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """List them; 1 when an index is not as it should be."""
    found = [chosen(place, arguments.index)] if arguments.index else list(place.indexes().values())
    if not found:
        raise NotFound("there is no KnowledgeIndex: apply one, or choose another place with -n or --state")
    if arguments.output == "json":
        output.print(json.dumps([show.as_value(view) for view in found], ensure_ascii=False, indent=2))
    else:
        for view in found:
            show.versions(view, output)
    return FAILED if any(view.trouble for view in found) else OK


def diff(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Show documents by name, and questions where they were compared."""
    view = chosen(place, arguments.index)
    before, after = _sides(view, arguments.before, arguments.after)
    text = place.ask(view.name, f"v1/versions/diff?before={quote(before)}&after={quote(after)}")
    found = VersionDiff.model_validate_json(text)
    known = next((held for held in view.versions if held.version == after), None)
    questions = known.questions if known and known.questions and known.questions.against == before else None
    if arguments.output == "json":
        told = questions.model_dump(mode="json", by_alias=True) if questions else None
        value = {**found.model_dump(mode="json", by_alias=True), "questions": told}
        output.print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        show.diff(found, questions, output)
    return OK


def publish(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Pin a version, or let go, and wait until it answers."""
    view = chosen(place, arguments.index)
    if bool(arguments.version) == arguments.newest:
        raise NotFound("name the version to publish, or give --newest; `kefu knowledge versions` lists them")
    if arguments.newest:
        place.pin(view.name, None)
        output.print(f"{view.name} publishes whatever passes its gates again")
        return OK
    return _move(place, view, view.version(arguments.version).version, arguments, output)


def rollback(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Pin the version before, and wait until it answers."""
    view = chosen(place, arguments.index)
    target = view.version(arguments.to).version if arguments.to else before_it(view)
    return _move(place, view, target, arguments, output)


def evaluate(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Ask the questions; the exit code is 0 whatever the scores are."""
    view = chosen(place, arguments.index)
    files = (
        {file.name: _read(file) for file in arguments.questions} if arguments.questions else place.questions(view.name)
    )
    request = EvaluateRequest(version=arguments.version, files=dict(files))
    found = EvaluateResponse.model_validate_json(
        place.ask(view.name, "v1/versions/evaluate", request.to_json().encode())
    )
    if arguments.output == "json":
        output.print(found.to_json())
    else:
        show.evaluation(found, output)
    return OK


def draft(place: Place, arguments: argparse.Namespace, output: Output) -> int:
    """Draft, passage by passage; what is written stays, whatever happens."""
    view = chosen(place, arguments.index)
    tally = drafting_of(place, view.name, arguments).run(
        lambda so_far, of: show.drafting(so_far, of, output) if arguments.output == "text" else None
    )
    if arguments.output == "json":
        output.print(json.dumps(asdict(tally)))
    else:
        show.drafted(tally, arguments.out, output)
    return OK


def _move(place: Place, view: IndexView, version: str, arguments: argparse.Namespace, output: Output) -> int:
    place.pin(view.name, version)
    if view.published == version:
        output.print(f"{version} answers already, and stays")
        return OK
    if arguments.wait <= 0:
        output.print(f"{view.name} is told to publish {version}")
        return OK
    seconds = wait_for(place, view.name, version, arguments.wait)
    output.print(f"{version} answers since {seconds:.1f} s; before it was {view.published or 'none'}")
    output.print(output.paint(f"it stays until `kefu knowledge publish {view.name} --newest`", "dim"))
    return OK


def _sides(view: IndexView, before: str | None, after: str | None) -> tuple[str, str]:
    first = before or view.published
    if first is None:
        raise NotFound(f"nothing is published of {view.name} yet: name two versions")
    if after is None and before is None:
        return newest_other(view)
    return first, after or view.published or first


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the questions cannot be read from {file}: {error}") from error
