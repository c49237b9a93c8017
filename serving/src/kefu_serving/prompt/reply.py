"""Reading the model's words as they come: what the customer may see, what was cited, and whether it is an answer at all."""

from kefu_serving.prompt.citing import CitationFilter
from kefu_serving.prompt.gate import UnknownGate


class Reply:
    """Fed the model's pieces; `over` turns True when no further piece is worth waiting for."""

    def __init__(self, passages: int) -> None:
        self._citing = CitationFilter(passages)
        self._gate = UnknownGate()
        self._said = False

    @property
    def cited(self) -> list[int]:
        """The numbers of the passages that the answer names, in the order of their first mention."""
        return self._citing.cited

    @property
    def leading(self) -> list[int]:
        """The numbers with which the model began."""
        return self._citing.leading

    @property
    def over(self) -> bool:
        """Whether the model has refused, or has ended its answer by the marker."""
        return self._gate.unknown or self._citing.ended

    @property
    def unknown(self) -> bool:
        """Whether the model, now that it has ended, said that the evidence holds no answer."""
        return self._gate.unknown or not self._said

    def feed(self, piece: str) -> str:
        """The text that may be shown now."""
        return self._note(self._gate.feed(self._citing.feed(piece)))

    def close(self) -> str:
        """What may still be shown when the model has ended."""
        tail = self._citing.close()
        shown = self._note(self._gate.close())
        return shown + tail if self._said else ""

    def _note(self, text: str) -> str:
        self._said = self._said or bool(text.strip())
        return text
