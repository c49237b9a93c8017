"""Objects at rest: JSON, compressed against earlier objects of their kind, which differ in little more than names."""

import zlib

import orjson

from kefu_operator.desired.types import Object

SAMPLE_BYTES = 16 * 1024
"""Of earlier objects: about four Deployments, in half the window of deflate."""
_PLAIN, _SAMPLED = b"\0", b"\1"


class Packer:
    """Packs objects of one kind; what it has packed it can always unpack."""

    def __init__(self) -> None:
        self._learned: list[bytes] = []
        self._sample = b""

    def pack(self, found: Object) -> bytes:
        """A tenth of the object's JSON or less, once some of its kind were seen."""
        text = orjson.dumps(found)
        if not self._sample:
            self._learn(text)
            return _PLAIN + zlib.compress(text, 1)
        squeezed = zlib.compressobj(level=3, wbits=-15, zdict=self._sample)
        return _SAMPLED + squeezed.compress(text) + squeezed.flush()

    def unpack(self, packed: bytes) -> Object:
        """The object; a fresh one each time, so that nobody changes another's."""
        if packed[:1] == _PLAIN:
            found: Object = orjson.loads(zlib.decompress(packed[1:]))
        else:
            found = orjson.loads(zlib.decompressobj(wbits=-15, zdict=self._sample).decompress(packed[1:]))
        return found

    def _learn(self, text: bytes) -> None:
        self._learned.append(text)
        if sum(map(len, self._learned)) >= SAMPLE_BYTES:
            # The end is what deflate reaches best, and the start of what is cut off matters least.
            self._sample = b"".join(self._learned)[-SAMPLE_BYTES:]
            self._learned.clear()
