"""`kefu validate`: what the API server would say, without one."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kefu_api.errors import ManifestError
from kefu_api.manifests import read
from kefu_api.validation import Finding, check
from kefu_operator.cli.errors import NotValid
from kefu_operator.cli.output import Output
from kefu_operator.cli.parsing import subcommand
from kefu_operator.exits import FAILED, OK

EXAMPLES = """\
  kefu validate shop.yaml
  kefu validate examples/shop --strict      warnings count as well
  kefu validate examples/shop --output json
"""


def register(commands: Any, summary: str) -> None:
    """Add the subcommand."""
    parser = subcommand(commands, "validate", summary, EXAMPLES, handle)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="YAML file, or folder of YAML files")
    parser.add_argument("--strict", action="store_true", help="exit with 1 on warnings, too")
    parser.add_argument("--output", choices=["text", "json"], default="text")


def handle(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when there are errors.

    Raises:
        NotValid: the files cannot be read.
    """
    try:
        documents = read(arguments.paths)
    except ManifestError as error:
        raise NotValid(str(error)) from error
    findings = check(documents)
    if arguments.output == "json":
        Output().print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _show(findings, len(documents), Output())
    bad = findings if arguments.strict else [finding for finding in findings if finding.severity == "error"]
    return FAILED if bad else OK


def _show(findings: Sequence[Finding], objects: int, output: Output) -> None:
    for finding in findings:
        output.print(output.paint(str(finding), "red" if finding.severity == "error" else "yellow"))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    verdict = f"{_count(objects, 'object')}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    output.print(output.paint(verdict, "red" if errors else "green"))


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"
