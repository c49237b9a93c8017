"""DOCX and XLSX are ZIP archives: opened only where they unpack to a bounded size."""

import zipfile
import zlib
from io import BytesIO

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    OSError,
    EOFError,
)
"""What a damaged archive, or damaged XML inside it, makes parsers raise; `lxml`'s errors are SyntaxErrors."""


def check(data: bytes) -> None:
    """Be sure that the archive is none that only fills memory (a zip bomb).

    The sizes that an archive's directory declares bound what `zipfile` reads from it, so they need not be true.

    Raises:
        DocumentRefused: it would unpack to too much, or is damaged.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
    except (*BROKEN, NotImplementedError) as error:
        raise DocumentRefused(f"a damaged archive ({error}); save the document again") from error
    if any(member.flag_bits & 1 for member in members):
        raise DocumentRefused("encrypted; save it without a password")
    unpacked = sum(member.file_size for member in members)
    if len(members) > limits.MEMBERS or unpacked > limits.UNPACKED_BYTES:
        raise DocumentRefused(
            f"unpacks to {unpacked // limits.MIB} MiB in {len(members)} parts, more than"
            f" {limits.UNPACKED_BYTES // limits.MIB} MiB or {limits.MEMBERS} parts; split the document"
        )
    for member in members:
        if member.file_size > limits.MIB and member.file_size > limits.UNPACKED_RATIO * max(member.compress_size, 1):
            raise DocumentRefused(
                f"its part {member.filename[:80]} unpacks to more than {limits.UNPACKED_RATIO} times its size, as a zip bomb"
                " does; save the document again"
            )
