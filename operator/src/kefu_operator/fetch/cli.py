"""The fetcher's command line: arguments and environment in, events and one last word out."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from kefu_operator.fetch.access import hub_token, key_pair
from kefu_operator.fetch.bucket import Server
from kefu_operator.fetch.errors import FetchError, UriInvalid
from kefu_operator.fetch.fetcher import HUB, Fetcher, Request
from kefu_operator.fetch.progress import print_event

DESCRIPTION = """\
Fetch a model to a folder, whole and verified or not at all. An interrupted fetch is resumed, a finished one costs
nothing. Progress is printed as JSON lines; a failure ends with {"reason": ..., "message": ...}, which is also written
to the pod's termination log.

URIs:
  hf://org/repo/path/file.gguf   one file of the hub, to DIR/file.gguf
  hf://org/repo                  the whole snapshot, to DIR
  https://host/path/file         one file, to DIR/file
  s3://bucket/path/file          one object, to DIR/file
  s3://bucket/path/folder/       every object below it, to DIR
  file:///path                   a file or folder of this machine, linked to DIR/<name>

environment:
  HF_ENDPOINT              the hub or a mirror of it (default https://huggingface.co)
  HF_TOKEN, HF_TOKEN_PATH  access token for the hub, or the file that holds it
  S3_ENDPOINT, S3_REGION   the S3 server, and its region (default us-east-1)
  S3_ACCESS_KEY_PATH       files that hold its keys; absent: the bucket is public
  S3_SECRET_KEY_PATH
  KEFU_ALLOW_HTTP=1        allow plain HTTP, inside a trusted network
  KEFU_TERMINATION_LOG     where the failure is written (default /dev/termination-log, where it exists)

exit codes:
  0  in place            66  no such model       73  disk full, or folder not writable
  64 usage, bad URI      69  unreachable, later  77  token missing or refused
  65 checksum mismatch"""

TERMINATION_LOG = "/dev/termination-log"
TERMINATION_BYTES = 4096
"""What Kubernetes keeps of a termination message."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UriInvalid(f"{message}; see --help")


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """Fetch what the arguments say; returns the exit code that `--help` documents."""
    try:
        arguments = _parser().parse_args(argv)
        request = Request(arguments.uri, arguments.into, arguments.revision, arguments.sha256, arguments.store)
        endpoint = arguments.endpoint or env.get("HF_ENDPOINT") or HUB
        fetcher = Fetcher(endpoint, hub_token(env), _server(env), allow_http=env.get("KEFU_ALLOW_HTTP") == "1")
        fetched = asyncio.run(fetcher.fetch(request))
    except FetchError as error:
        return _fail(error, env)
    except KeyboardInterrupt:
        return 130
    print_event({"event": "done", "path": str(fetched.path), "sha256": fetched.sha256})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "python -m kefu_operator.fetch", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--uri", required=True, help="what to fetch")
    parser.add_argument("--revision", help="branch, tag or commit of a hub model (default main)")
    parser.add_argument("--sha256", metavar="HEX", help="digest that a single file must have")
    parser.add_argument("--into", required=True, type=Path, metavar="DIR", help="folder to fetch to")
    parser.add_argument("--endpoint", metavar="URL", help="hub to use in place of HF_ENDPOINT")
    parser.add_argument("--store", type=Path, metavar="DIR", help="store of single files by digest, linked to --into")
    return parser


def _server(env: Mapping[str, str]) -> Server | None:
    endpoint = env.get("S3_ENDPOINT")
    if not endpoint:
        return None
    keys = key_pair(env.get("S3_ACCESS_KEY_PATH"), env.get("S3_SECRET_KEY_PATH"))
    return Server(endpoint, env.get("S3_REGION") or "us-east-1", keys)


def _fail(error: FetchError, env: Mapping[str, str]) -> int:
    line = json.dumps({"reason": error.reason, "message": str(error)}, ensure_ascii=False)
    print(line, flush=True)  # noqa: T201 - the fetcher's output
    path = Path(env.get("KEFU_TERMINATION_LOG") or TERMINATION_LOG)
    if "KEFU_TERMINATION_LOG" in env or path.exists():
        try:
            path.write_text(_fitting(error), encoding="utf-8")
        except OSError as problem:
            print(f"{path} cannot be written: {problem.strerror}", file=sys.stderr)  # noqa: T201
    return error.exit_code


def _fitting(error: FetchError) -> str:
    """Give the last word in at most `TERMINATION_BYTES`: JSON of ASCII, the message cut if need be."""
    message = str(error)
    while len(text := json.dumps({"reason": error.reason, "message": message})) > TERMINATION_BYTES:
        message = message[: len(message) * 3 // 4]
    return text
