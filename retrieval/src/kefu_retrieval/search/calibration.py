"""What a confidence means in one version: the probability that the evidence for an answer is among the hits, as its golden questions told."""

from bisect import bisect_right

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Calibration(BaseModel):
    """A curve from the formula's confidence to a probability, kept with the version that it was learnt from."""

    model_config = ConfigDict(frozen=True)

    knots: tuple[tuple[float, float], ...] = Field(min_length=1)
    """Points of the curve, neither coordinate ever falling; straight lines between them."""
    questions: int
    """How many golden questions it was learnt from."""
    before: float
    """Expected calibration error of the formula on them."""
    after: float
    """The same of curves that were learnt from the other questions (cross-validation)."""
    judged_by: str
    """Hash of questions, gates and search settings that it was learnt with."""

    def __call__(self, confidence: float) -> float:
        """The probability, to four digits."""
        xs = [x for x, _ in self.knots]
        place = bisect_right(xs, confidence)
        if place == 0:
            return round(self.knots[0][1], 4)
        if place == len(xs):
            return round(self.knots[-1][1], 4)
        (x0, y0), (x1, y1) = self.knots[place - 1], self.knots[place]
        return round(y0 + (y1 - y0) * (confidence - x0) / (x1 - x0), 4)


def read(text: str) -> Calibration | None:
    """That of a stored text; None for none, or for one that this Kefu does not understand."""
    try:
        return Calibration.model_validate_json(text) if text else None
    except ValidationError:
        return None
