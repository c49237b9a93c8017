"""Objects at rest: JSON, compressed against earlier objects of their kind, which differ in little more than names."""

import zlib

import orjson

from kefu_operator.desired.types import Object

SAMPLE_BYTES = 24 * 1024
"""Of earlier objects: about four Deployments, with room for one more in the window of deflate."""
MOST_SAMPLES = 8
POOR = 10
"""An object that is packed to more than one part in so many resembles none of the sample."""
_RAW = -15
"""Deflate without a frame, in its largest window."""


class Packer:
    """Packs objects of one kind; what it has packed it can always unpack."""

    def __init__(self) -> None:
        # What was packed by an earlier sample is unpacked by it.
        self._samples = [b""]

    def pack(self, found: Object) -> bytes:
        """A tenth of the object's JSON or less, once some that resemble it were seen."""
        text, number = orjson.dumps(found), len(self._samples) - 1
        squeezed = zlib.compressobj(level=3, wbits=_RAW, zdict=self._samples[number])
        packed = bytes([number]) + squeezed.compress(text) + squeezed.flush()
        if len(packed) * POOR > len(text) and len(self._samples) < MOST_SAMPLES:
            # The end is what deflate reaches best, and the start of what is cut off matters least.
            self._samples.append((self._samples[number] + text)[-SAMPLE_BYTES:])
        return packed

    def unpack(self, packed: bytes) -> Object:
        """The object; a fresh one each time, so that nobody changes another's."""
        text = zlib.decompressobj(wbits=_RAW, zdict=self._samples[packed[0]]).decompress(packed[1:])
        found: Object = orjson.loads(text)
        return found
