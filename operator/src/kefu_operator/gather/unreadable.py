"""An object of our kinds whose spec this operator does not understand."""

from dataclasses import dataclass

from pydantic import ValidationError

from kefu_operator.desired.types import Object


@dataclass(frozen=True)
class Unreadable:
    """The object as the API server has it, and what is wrong with it."""

    found: Object
    error: ValidationError
