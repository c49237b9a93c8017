"""Bounded strings of the API, each with the shape that the API server checks too."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from kefu_api.kinds.shape import Shape

_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_VISIBLE = r"[^\p{Z}\p{Cc}?#]"
"""No blank (the ideographic one included), no control character, no query, no fragment."""
_HOST = r"[^\p{Z}\p{Cc}?#/@]+"
"""Host and port; no `user:password@`, since secrets come by reference only."""
_REPO = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_IMAGE = r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?"
"""Registry first: an image that names none would come from wherever the node's settings say."""
_CLAIM = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_DOWNLOADS = rf"hf://{_REPO}(/{_VISIBLE}+)?|https://{_HOST}/{_VISIBLE}+|s3://{_BUCKET}/{_VISIBLE}+"

Name = Annotated[
    str, Shape("must be at most 63 lower-case letters, digits and inner '-' (a DNS label)", (_LABEL,), max_length=63)
]
"""DNS-1123 label."""

OBJECT_NAME = Shape(
    "must be at most 40 lower-case letters, digits and inner '-', starting with a letter, without dots",
    (r"^[a-z]([-a-z0-9]*[a-z0-9])?$",),
    max_length=40,
)
"""DNS-1035 label, short enough for the names of the Services, Jobs and pods that derive from it."""

ObjectName = Annotated[str, OBJECT_NAME]

Subdomain = Annotated[
    str,
    Shape("must be lower-case letters, digits, inner '-' and '.' (a DNS subdomain)", (_SUBDOMAIN,), max_length=253),
]

SecretKey = Annotated[
    str,
    Shape(
        "must be letters, digits, '-', '_' and '.', as keys of a Secret are", (r"^[-._a-zA-Z0-9]+$",), max_length=253
    ),
]

LabelKey = Annotated[
    str,
    Shape(
        "must be a qualified name such as team or example.com/team",
        (r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",),
        max_length=317,
    ),
]

LabelValue = Annotated[
    str,
    Shape(
        "must be a string of at most 63 letters, digits and inner '-', '_' and '.'",
        (r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",),
        min_length=0,
        max_length=63,
    ),
]

Duration = Annotated[
    str,
    Shape(
        "must be a duration longer than 0 such as 90s, 5m or 1h30m",
        (r"^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$", "[1-9]"),
        min_length=2,
        max_length=12,
    ),
]
"""`90s`, `5m`, `1h30m`."""

Size = Annotated[
    str,
    Shape(
        "must be a size above 0 with its unit, such as 512Mi or 4Gi",
        (r"^[0-9]+(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti)$", "[1-9]"),
        min_length=2,
        max_length=20,
    ),
]
"""Bytes as a Kubernetes quantity. The unit is not optional: `size: 40` would be 40 bytes, and `40m` less than one."""

Cores = Annotated[
    str,
    Shape(
        'must be a number of cores above 0 such as 2, "0.5" or 500m',
        (r"^([0-9]{1,6}(\.[0-9]{1,3})?|[0-9]{1,9}m)$", "[1-9]"),
        max_length=20,
        whole_numbers=True,
    ),
]
"""CPU as a Kubernetes quantity; a bare integer is taken as well."""

Ratio = Annotated[
    str,
    Shape(
        'must be a number from 0 to 1 in quotes, such as "0.35"',
        (r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$",),
        max_length=8,
    ),
]
"""A number from 0 to 1 written as a string, e.g. `"0.35"`, because floats do not survive every JSON tool."""

Factor = Annotated[
    str,
    Shape(
        'must be a number from 0.5 to 2 in quotes, such as "1.2"',
        (r"^(0\.[5-9][0-9]{0,5}|1(\.[0-9]{1,6})?|2(\.0{1,6})?)$",),
        max_length=8,
    ),
]
"""By how much something counts more or less."""

Sha256 = Annotated[
    str, Shape("must be a SHA-256 in 64 lower-case hex digits", (r"^[0-9a-f]{64}$",), min_length=64, max_length=64)
]

Language = Literal["zh", "en"]

HttpUrl = Annotated[
    str,
    Shape(
        "must be a base URL such as http://host:8000, without query, fragment or user:password@",
        (rf"^https?://{_HOST}(/{_VISIBLE}*)?$",),
        min_length=8,
        max_length=2048,
    ),
]

PageUrl = Annotated[
    str,
    Shape(
        "must be the address of a page such as https://host/path?query, without fragment or user:password@",
        (rf"^https?://{_HOST}(/[^\p{{Z}}\p{{Cc}}#]*)?$",),
        min_length=8,
        max_length=1024,
    ),
]

ModelUri = Annotated[
    str,
    Shape(
        "must be hf://org/repo, hf://org/repo/file, https://host/file, s3://bucket/folder/, "
        "oci://registry/image:tag, pvc://claim/path or file:///path",
        (rf"^({_DOWNLOADS}|oci://{_IMAGE}|pvc://{_CLAIM}/{_VISIBLE}+|file:///{_VISIBLE}+)$",),
        min_length=8,
        max_length=2048,
    ),
]

FolderUri = Annotated[
    str,
    Shape(
        "must be pvc://claim/folder, or file:///folder with `kefu run`",
        (rf"^(pvc://{_CLAIM}/{_VISIBLE}+|file:///{_VISIBLE}+)$",),
        min_length=8,
        max_length=2048,
    ),
]

MilvusUri = Annotated[
    str,
    Shape(
        "must be the address of a Milvus such as http://milvus.milvus:19530, without path or user:password@",
        (rf"^(https?|tcp)://{_HOST}$",),
        min_length=8,
        max_length=2048,
    ),
]

RedisUrl = Annotated[
    str,
    Shape(
        "must be redis://host:port/database or rediss://host:port/database, without user:password@",
        (rf"^rediss?://{_HOST}(/[0-9]{{1,2}})?$",),
        min_length=9,
        max_length=512,
    ),
]

UserName = Annotated[
    str,
    Shape("must be a user name without ':', blanks and control characters", (r"^[^:\p{Z}\p{Cc}]+$",), max_length=128),
]

Revision = Annotated[
    str, Shape("must be a branch, tag or commit such as main", (r"^[A-Za-z0-9][A-Za-z0-9._/-]*$",), max_length=128)
]

Image = Annotated[
    str,
    Shape(
        "must be a container image such as docker.io/vllm/vllm-openai:v0.11.0",
        (r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$",),
        max_length=512,
    ),
]

VersionName = Annotated[
    str,
    Shape("must be a version as status.versions names it, such as v0a1b2c3d4e", (r"^v[0-9a-f]{10}$",), max_length=11),
]

Database = Annotated[
    str,
    Shape("must be letters, digits and '_', not starting with a digit", (r"^[A-Za-z_][A-Za-z0-9_]*$",), max_length=255),
]

Text = Annotated[str, Field(max_length=4096)]
"""A string of the status."""

_DURATION = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
_SUFFIXES |= {letter: Decimal(1000) ** power for power, letter in enumerate("kMGT", start=1)}
_SUFFIXES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGT", start=1)}
_QUANTITY = re.compile(r"^([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)$")


def seconds(duration: str) -> int:
    """Seconds in a duration: `1h30m` is 5400."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))


def amount(quantity: str) -> Decimal:
    """The number a Kubernetes quantity stands for: `500m` is 0.5, `1Ki` is 1024.

    Raises:
        ValueError: the text is no quantity.
    """
    match = _QUANTITY.match(quantity)
    if match is None or match[2] not in _SUFFIXES:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity such as 500m or 4Gi")
    return Decimal(match[1]) * _SUFFIXES[match[2]]
