"""`POST /v1/feedback` of the gateway: what a customer thinks of one answer, counted for the release that gave it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kefu_api.base import Model


class Rating(StrEnum):
    """A thumb."""

    UP = "up"
    DOWN = "down"


class FeedbackRequest(Model):
    """One customer's rating of one answer."""

    receipt: Annotated[str, Field(min_length=1, max_length=160)]
    """The answer's `receipt`."""
    rating: Rating


class FeedbackResponse(Model):
    """What became of it."""

    counted: bool
    """False: the answer was rated before, or its release is not served any more."""
