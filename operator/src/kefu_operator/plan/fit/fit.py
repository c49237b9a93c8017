"""The one question that plans ask: how does this model lie on that class?"""

from kefu_operator.plan.errors import EngineDoesNotFit
from kefu_operator.plan.fit.choose import Fit, candidates, choose, devices, unchecked
from kefu_operator.plan.fit.explain import refusal
from kefu_operator.plan.fit.shape import Format, ModelShape
from kefu_operator.plan.fit.wish import Wish
from kefu_operator.plan.settings import AcceleratorClass


def fit(shape: ModelShape | None, wish: Wish, name: str, known: AcceleratorClass) -> Fit:
    """The layout of a model on devices of the class called `name`.

    Where the model or the class's memory is unknown nothing is computed, and what the spec leaves out stays plain.

    Raises:
        EngineDoesNotFit: no layout that the wish allows holds the model; the message shows the arithmetic.
    """
    _check_node(wish, name, known)
    if shape is None or known.memory is None:
        return unchecked(wish, known, shape)
    _check_files(shape, wish)
    chosen = choose(shape, wish, candidates(shape, wish, known, known.memory))
    if chosen is None:
        raise EngineDoesNotFit(refusal(shape, wish, name, known, known.memory))
    return chosen


def _check_node(wish: Wish, name: str, known: AcceleratorClass) -> None:
    count = devices(wish) // wish.nodes
    if known.per_node and count > known.per_node:
        spread = f", spread them over {wish.engine}.nodes" if wish.spreads else ""
        raise EngineDoesNotFit(
            f"spec.engine.accelerator.count: a pod cannot get {count} × {name}, whose nodes have {known.per_node} "
            f"(chart value `accelerators.{name}.perNode`): ask for at most {known.per_node}{spread}, or choose another class"
        )


def _check_files(shape: ModelShape, wish: Wish) -> None:
    """Files that are quantised cannot be so once more, and those that are not are not called so."""
    quantised = shape.stored is not Format.BFLOAT16
    computed = wish.quantises and not quantised and wish.held is Format.FP8
    if wish.held not in (None, shape.stored) and not computed:
        raise EngineDoesNotFit(
            f"spec.engine.{wish.engine}.quantization: the files of {shape.name} hold {shape.stored}: remove the field, or name the "
            "repository whose files hold what you ask for"
        )
