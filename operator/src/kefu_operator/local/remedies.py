"""What a user of this machine can do about a failed fetch, beyond what the fetcher itself can know."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from kefu_operator.fetch.reasons import MODEL_NOT_FOUND, MODEL_UNREACHABLE


def remedy(reason: str, command: Sequence[str]) -> str:
    """Where to put the file by hand, for a fetch that names its digest; empty for everything else."""
    if reason not in (MODEL_UNREACHABLE, MODEL_NOT_FOUND):
        return ""
    given = dict(pairwise(command))
    uri, digest, store = (given.get(option) for option in ("--uri", "--sha256", "--store"))
    if not (uri and digest and store):
        return ""
    file = PurePosixPath(uri).name
    return f". Or bring {file} here in another way and put it to {store}/sha256/{digest}/{file}"
