"""The program tesseract with its Chinese and English, as single files: its Debian packages would bring 120 MB, these are 19.

Whatever those packages link only to read from URLs (libcurl) and to unpack XAR archives (libxml2) is hollow: the names are
there for the loader, and nothing that retrieval asks for reaches the code.
"""

import platform
from collections.abc import Mapping
from pathlib import Path

from hack.images.debian import files

_DATA = "usr/share/tesseract-ocr/5/tessdata"
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "tesseract-ocr-eng": {f"{_DATA}/eng.traineddata": f"{_DATA}/eng.traineddata"},
    "tesseract-ocr-chi-sim": {f"{_DATA}/chi_sim.traineddata": f"{_DATA}/chi_sim.traineddata"},
}
_LIBRARIES: Mapping[str, str] = {
    "libacl1": "libacl.so.1",
    "libarchive13": "libarchive.so.13",
    "libcurl4": "libcurl.so.4",
    "libdeflate0": "libdeflate.so.0",
    "libgif7": "libgif.so.7",
    "libjbig0": "libjbig.so.0",
    "libjpeg62-turbo": "libjpeg.so.62",
    "liblept5": "liblept.so.5",
    "liblerc4": "libLerc.so.4",
    "liblz4-1": "liblz4.so.1",
    "libnettle8": "libnettle.so.8",
    "libopenjp2-7": "libopenjp2.so.7",
    "libpng16-16": "libpng16.so.16",
    "libtesseract5": "libtesseract.so.5",
    "libtiff6": "libtiff.so.6",
    "libwebp7": "libwebp.so.7",
    "libwebpmux3": "libwebpmux.so.3",
    "libxml2": "libxml2.so.2",
    "libzstd1": "libzstd.so.1",
}
PROGRAM: Mapping[str, Mapping[str, str]] = {
    "tesseract-ocr": {"usr/bin/tesseract": "usr/bin/tesseract"},
    **{package: {f"**/{name}": f"usr/lib/{name}"} for package, name in _LIBRARIES.items()},
}
"""Package, file in it, place in the image; what the base holds already (libstdc++, zlib, bzip2, lzma) is not repeated."""
HOLLOW = ("usr/lib/libcurl.so.4", "usr/lib/libxml2.so.2")


def ocr(_: Path) -> Path:
    """Return a folder to lay over the image's root.

    Only 64-bit x86 libraries can be made hollow: on other machines the program is left out, and the image says of each
    scanned page that it cannot read it.

    Raises:
        MissingInput: this is no Debian machine, or a package holds another set of files.
        BuildFailed: apt refused; the text quotes it.
    """
    if platform.machine() != "x86_64":
        return files(LANGUAGES)
    return files({**PROGRAM, **LANGUAGES}, hollowed=HOLLOW)
