"""Hollow shared libraries: the name and the symbols of a real one, without its code.

PyTorch's only build on package indexes links gigabytes of GPU libraries, which the loader wants to see even where no GPU
is. A CPU image needs their names alone: whoever called one of the functions all the same would be stopped at once.
ELF as in the System V ABI, 64-bit x86.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from hack.images.errors import BuildFailed

_PAGE = 0x1000
_DYNAMIC, _DYNSYM, _VERDEF, _VERSYM = 6, 11, 0x6FFFFFFD, 0x6FFFFFFF
_SONAME = 14
_TAGS = {
    "hash": 4, "strings": 5, "symbols": 6, "versions": 0x6FFFFFFC, "symbol_versions": 0x6FFFFFF0,
}  # fmt: skip
_STRINGS_SIZE, _SYMBOL_SIZE, _VERSION_COUNT = 10, 11, 0x6FFFFFFD
_READ = {_DYNAMIC, _DYNSYM, _VERDEF, _VERSYM}
_SYMBOL_BYTES, _BASE = 24, 1
_LOAD, _DYNAMIC_SEGMENT, _STACK = 1, 2, 0x6474E551
_TRAP = b"\x0f\x0b"
"""The instruction ud2: ends the process with SIGILL."""
_GLOBAL, _WEAK, _RESERVED_SECTIONS = 1, 2, 0xFF00
_GLOBAL_FUNCTION, _TEXT_SECTION = 0x12, 1


@dataclass(frozen=True)
class Face:
    """What the loader sees of a library."""

    soname: bytes
    symbols: tuple[tuple[bytes, bytes], ...]
    """Name and version of each global symbol; the version is empty where it has none."""


def hollow(library: Path) -> None:
    """Replace a library by a hollow one, leaving other hard links of the file as they are.

    Raises:
        BuildFailed: it is no 64-bit x86 shared library.
    """
    try:
        content = write(read(library.read_bytes()))
    except (struct.error, ValueError, LookupError, StopIteration) as error:
        raise BuildFailed(f"{library} is no shared library for 64-bit x86: {error}") from error
    partial = library.with_name(f".{library.name}.partial")
    partial.write_bytes(content)
    partial.chmod(0o755)
    partial.replace(library)


def read(elf: bytes) -> Face:
    """Read the name and the defined global symbols.

    Raises:
        ValueError: it is no shared library for 64-bit x86, or has no name.
    """
    if elf[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<HH", elf, 16) != (3, 62):
        raise ValueError("not ELF64, x86-64, shared")
    (table,) = struct.unpack_from("<Q", elf, 40)
    size, count = struct.unpack_from("<HH", elf, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", elf, table + size * index) for index in range(count)]
    parts = {header[1]: elf[header[4] : header[4] + header[5]] for header in headers if header[1] in _READ}
    names = headers[next(header[6] for header in headers if header[1] == _DYNSYM)]
    strings = elf[names[4] : names[4] + names[5]]
    sonames = [_text(strings, value) for tag, value in struct.iter_unpack("<QQ", parts[_DYNAMIC]) if tag == _SONAME]
    if not sonames:
        raise ValueError("it has no SONAME")
    versions = _versions(parts.get(_VERDEF, b""), strings)
    found = set()
    for number, (name, info, _, section, _, _) in enumerate(struct.iter_unpack("<IBBHQQ", parts[_DYNSYM])):
        if _is_own(_text(strings, name), info >> 4, section):
            index = struct.unpack_from("<H", parts[_VERSYM], 2 * number)[0] & 0x7FFF if versions else 0
            found.add((_text(strings, name), versions.get(index, b"")))
    return Face(sonames[0], tuple(sorted(found)))


def _is_own(name: bytes, binding: int, section: int) -> bool:
    """Whether the library defines the symbol for others to call.

    A weak C++ symbol is a copy of some template, often the standard library's: with it, the trap would stand in for
    everybody's.
    """
    defined = 0 < section < _RESERVED_SECTIONS
    return defined and (binding == _GLOBAL or (binding == _WEAK and not name.startswith(b"_Z")))


def _versions(definitions: bytes, strings: bytes) -> dict[int, bytes]:
    """Version names by index, without the base, which is the library itself."""
    found, at = {}, 0
    while definitions:
        _, flags, index, _, _, names, following = struct.unpack_from("<HHHHIII", definitions, at)
        if not flags & _BASE:
            found[index] = _text(strings, struct.unpack_from("<I", definitions, at + names)[0])
        if not following:
            break
        at += following
    return found


def write(face: Face) -> bytes:
    """Write a library with this face, in one segment to read and run and one to write, which the loader fills."""
    strings = _Strings()
    soname = strings.add(face.soname)
    versions = sorted({version for _, version in face.symbols if version})
    names = [strings.add(name) for name, _ in face.symbols]
    definitions = _definitions([face.soname, *versions], strings)
    indexes = [0, *(versions.index(version) + 2 if version else 1 for _, version in face.symbols)]
    parts = {
        "symbols": bytes(_SYMBOL_BYTES * (len(names) + 1)),
        "hash": _hash_table([name for name, _ in face.symbols]),
        "versions": definitions,
        "symbol_versions": struct.pack(f"<{len(indexes)}H", *indexes),
        "strings": bytes(strings.content),
        "code": _TRAP,
    }
    places, end = {}, 64 + 4 * 56
    for part, content in parts.items():
        places[part] = end
        end += -(-len(content) // 8) * 8
    parts["symbols"] = bytes(_SYMBOL_BYTES) + b"".join(
        struct.pack("<IBBHQQ", name, _GLOBAL_FUNCTION, 0, _TEXT_SECTION, places["code"], len(_TRAP)) for name in names
    )
    tags = [(tag, places[part]) for part, tag in _TAGS.items()]
    tags += [(_SONAME, soname), (_STRINGS_SIZE, len(strings.content)), (_SYMBOL_SIZE, _SYMBOL_BYTES)]
    tags += [(_VERSION_COUNT, len(versions) + 1), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    dynamic_at = -(-end // _PAGE) * _PAGE
    front = _front(end, dynamic_at, len(dynamic))
    front += b"".join(content + bytes(-len(content) % 8) for content in parts.values())
    return front + bytes(dynamic_at - len(front)) + dynamic


class _Strings:
    """The table of names."""

    def __init__(self) -> None:
        self.content = bytearray(b"\0")

    def add(self, text: bytes) -> int:
        """Append a name and return where it stands."""
        self.content += text + b"\0"
        return len(self.content) - len(text) - 1


def _definitions(names: list[bytes], strings: _Strings) -> bytes:
    """The table of versions; the first is the library itself."""
    content = b""
    for index, name in enumerate(names, start=1):
        following = 28 if index < len(names) else 0
        flags = _BASE if index == 1 else 0
        content += struct.pack("<HHHHIII", 1, flags, index, 1, _hash(name), 20, following)
        content += struct.pack("<II", strings.add(name), 0)
    return content


def _front(end: int, dynamic_at: int, dynamic_length: int) -> bytes:
    """The ELF header and the segments: what is read and run, what the loader fills, and a stack without code."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 0, 0, 64, 56, 4, 64, 0, 0)
    return header + b"".join(
        struct.pack("<IIQQQQQQ", kind, flags, at, at, at, length, length, align)
        for kind, flags, at, length, align in (
            (_LOAD, 5, 0, end, _PAGE),
            (_LOAD, 6, dynamic_at, dynamic_length, _PAGE),
            (_DYNAMIC_SEGMENT, 6, dynamic_at, dynamic_length, 8),
            (_STACK, 6, 0, 0, 16),
        )
    )


def _hash_table(symbols: list[bytes]) -> bytes:
    """The ABI's hash table: for each bucket, a chain of symbol numbers."""
    buckets, chains = [0] * (len(symbols) or 1), [0] * (len(symbols) + 1)
    for number, name in enumerate(symbols, start=1):
        bucket = _hash(name) % len(buckets)
        chains[number], buckets[bucket] = buckets[bucket], number
    return struct.pack(f"<{2 + len(buckets) + len(chains)}I", len(buckets), len(chains), *buckets, *chains)


def _hash(name: bytes) -> int:
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high
    return value & 0xFFFFFFFF


def _text(elf: bytes, offset: int) -> bytes:
    return elf[offset : elf.index(b"\0", offset)]
