"""Pictures of text: what tesseract reads on them, a page for each frame."""

import io
import time
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from kefu_retrieval.errors import DocumentRefused
from kefu_retrieval.sources import limits
from kefu_retrieval.sources.document import Page, Reading
from kefu_retrieval.sources.file import File
from kefu_retrieval.sources.pictures import ocr
from kefu_retrieval.sources.text import language

_SMALL = 1500
"""Longest side in pixels below which a picture is enlarged: tesseract wants letters of some 30 pixels."""
_FRAMES = 50
_TOO_LARGE = f"more than {limits.PIXELS // 1_000_000} million pixels; make it smaller"


def parse(file: File) -> Reading:
    """One page, or one for each frame of a TIFF that has several.

    Raises:
        DocumentRefused: it is no picture, too large, without text, or cannot be recognised here.
    """
    reading = Reading()
    deadline = time.monotonic() + limits.OCR_SECONDS
    pictures = list(_frames(file.data))
    for number, png in enumerate(pictures, start=1):
        left = deadline - time.monotonic()
        if left <= 0:
            reading.omit(f"{file.place}#page={number}", "and those behind: recognition takes too long; split the file")
            break
        text = ocr.read(png, min(left, limits.OCR_PAGE_SECONDS))
        if text:
            page = number if len(pictures) > 1 else None
            reading.pages.append(Page(file.place, file.stem, text, language.detect(text), page=page))
    if not reading.pages:
        raise DocumentRefused("shows no text that can be recognised; give a sharper picture, or remove it")
    return reading


def _frames(data: bytes) -> Iterator[bytes]:
    with warnings.catch_warnings():
        # Its own warning comes at a size that is none of ours; ours is an error.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as opened:
                moving = opened.format in ("GIF", "WEBP", "PNG")
                for number, frame in enumerate(ImageSequence.Iterator(opened)):
                    if number >= (1 if moving else _FRAMES):
                        return
                    _check(frame)
                    yield png(frame)
        except Image.DecompressionBombError as error:
            raise DocumentRefused(_TOO_LARGE) from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
            raise DocumentRefused(f"a damaged picture ({error}); save it again as PNG or JPEG") from error


def _check(frame: Image.Image) -> None:
    width, height = frame.size
    if width * height > limits.PIXELS:
        raise DocumentRefused(
            f"{width} by {height} pixels, more than {limits.PIXELS // 1_000_000} million; make it smaller"
        )


def png(frame: Image.Image) -> bytes:
    """The picture as tesseract takes it: upright, without transparency, large enough, grey."""
    upright = ImageOps.exif_transpose(frame).convert("RGBA")
    flat = Image.new("RGBA", upright.size, "white")
    flat.alpha_composite(upright)
    grey = flat.convert("L")
    longest = max(grey.size)
    if longest < _SMALL:
        factor = min(3.0, _SMALL / longest)
        grey = grey.resize((round(grey.width * factor), round(grey.height * factor)), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    grey.save(held, "PNG")
    return held.getvalue()
