"""The first thing that is wrong with a document or a request, in words: one mistake at a time can be mended."""

from pydantic import ValidationError


def first_fault(error: ValidationError, whole: str) -> str:
    """`field: what is wrong with it`; `whole` stands for the field where all of it is wrong."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or whole}: {first['msg']}"
