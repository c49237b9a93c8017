"""The model of a spec: as the spec describes it, else as the table of well-known models does."""

from kefu_api.kinds.model import ModelSource
from kefu_api.kinds.types import amount
from kefu_operator.plan.fit.known import known_model
from kefu_operator.plan.fit.shape import Format, ModelShape

_UNITS = {"M": 10**6, "B": 10**9}


def shape_of(model: ModelSource, held: Format | None = None) -> ModelShape | None:
    """The shape of a model; None where neither the spec nor the table has it.

    Args:
        model: of the spec.
        held: what the spec says that the layers are held in; of a described model INT8 and INT4 can only be in its files.
    """
    if model.parameters is None:
        return known_model(model.uri)
    return ModelShape(
        name=model.uri.rpartition("/")[2],
        parameters=round(float(model.parameters[:-1]) * _UNITS[model.parameters[-1]]),
        cache_per_token=int(amount(model.cache_per_token)) if model.cache_per_token else None,
        stored=held if held in (Format.INT8, Format.INT4) else Format.BFLOAT16,
    )
