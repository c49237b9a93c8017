"""Saying why a model does not fit: the arithmetic, and what would help."""

from dataclasses import replace

from kefu_operator.plan.fit.choose import (
    COUNTS,
    LEAST,
    STEP,
    Candidate,
    Fit,
    candidates,
    choose,
    devices,
    least_context,
)
from kefu_operator.plan.fit.room import runtime
from kefu_operator.plan.fit.shape import Format, ModelShape, weights
from kefu_operator.plan.fit.wish import Wish
from kefu_operator.plan.settings import AcceleratorClass

GIB = 2**30
NODES = (2, 3, 4, 8, 16)
"""Numbers of nodes to recommend."""


def refusal(shape: ModelShape, wish: Wish, name: str, known: AcceleratorClass, memory: int) -> str:
    """Why no layout that the wish allows holds the model on the class called `name`."""
    best = max(candidates(shape, wish, known, memory), key=lambda each: each.room.cache)
    return (
        f"spec.engine: {shape.name} does not fit {best.layout.devices} × {name}: {arithmetic(shape, wish, best, memory)}; "
        f"{remedy(shape, wish, known, memory)}"
    )


def summary(chosen: Fit, name: str, nodes: int = 1) -> str:
    """What was chosen, for people: `FP8 on 2 × h100, KV cache for about 234,000 tokens`."""
    tokens = chosen.tokens
    cache = "" if tokens is None else f", KV cache for about {tokens // 1000 * 1000:,} tokens"
    spread = f" over {nodes} nodes" if nodes > 1 else ""
    return f"{chosen.layout.held} on {chosen.layout.devices} × {name}{spread}{cache}"


def arithmetic(shape: ModelShape, wish: Wish, best: Candidate, memory: int) -> str:
    """What a device needs, and what it has."""
    layout, left = best.layout, best.room
    over = f" over {layout.devices} devices" if layout.devices > 1 else ""
    draft = f" and {_gib(wish.beside)} of its draft model" if wish.beside else ""
    total = _gib(weights(shape, layout.held))
    terms = [f"weights {total} in {layout.held}{draft}{over} are {_gib(left.weights)} a device"]
    needed = left.weights + runtime(memory)
    if left.per_token is not None:
        tokens = least_context(shape, wish)
        needed += tokens * left.per_token
        terms.append(f"KV cache for {tokens} tokens of {left.per_token / 1024:.0f} KiB {_gib(tokens * left.per_token)}")
    terms.append(f"activations and runtime {_gib(runtime(memory))}")
    has = f"{wish.utilization:.2f} × {_gib(memory)} = {_gib(left.usable)}"
    return f"{', '.join(terms)}: together {_gib(needed)} of {has}"


def remedy(shape: ModelShape, wish: Wish, known: AcceleratorClass, memory: int) -> str:
    """What would make it fit."""

    def fits(changed: Wish) -> bool:
        return choose(shape, changed, candidates(shape, changed, known, memory)) is not None

    helps = []
    plain = wish.quantises and shape.stored is Format.BFLOAT16 and wish.held is not Format.FP8
    if known.fp8 and plain and fits(replace(wish, held=Format.FP8)):
        helps.append(f"{wish.engine}.quantization: fp8")
    if wish.context and fits(replace(wish, context=LEAST)):
        longest = max(tokens for tokens in range(LEAST, wish.context, STEP) if fits(replace(wish, context=tokens)))
        helps.append(f"{wish.engine}.maxModelLen: {longest}")
    count = devices(wish) // wish.nodes
    more = [each for each in COUNTS if count < each <= (known.per_node or max(COUNTS))]
    enough = [each for each in more if fits(replace(wish, count=each, tensor=None, pipeline=None))]
    if enough:
        helps.append(f"accelerator.count: {enough[0]}")
    elif wish.spreads and (known.per_node or 0) > 1:
        free = replace(wish, count=known.per_node, tensor=None, pipeline=None)
        enough = [each for each in NODES if each > wish.nodes and fits(replace(free, nodes=each))]
        if enough:
            helps.append(f"{wish.engine}.nodes: {enough[0]} and accelerator.count: {known.per_node}")
    if helps:
        return f"it would fit with {' or with '.join(helps)} below spec.engine"
    return "choose a class with more memory, a smaller model, or files that are quantised (AWQ, GPTQ)"


def _gib(size: float) -> str:
    return f"{size / GIB:.1f} GiB"
