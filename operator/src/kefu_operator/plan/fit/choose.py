"""Choosing what the spec leaves out: the fewest devices, then the finest numbers, that leave a good KV cache."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kefu_operator.plan.fit.room import Layout, Room, room
from kefu_operator.plan.fit.shape import Format, ModelShape
from kefu_operator.plan.fit.wish import Wish
from kefu_operator.plan.settings import AcceleratorClass

AIM = 65_536
"""Tokens of KV cache that a choice aims at: sixteen answers at a time with 4,096 tokens each."""
GOOD_SHARE = 0.15
"""The same aim, as a share of the usable memory, where the size of a token is unknown."""
LEAST = 4096
"""Fewest tokens of context that a chatbot is of use with: its prompt with evidence takes up to 3,000."""
STEP = 1024
"""A context that is cut to what fits is a multiple of this."""
COUNTS = (1, 2, 4, 8)
"""Numbers of devices to choose from; attention heads come in multiples of them."""


@dataclass(frozen=True)
class Fit:
    """What was chosen."""

    layout: Layout
    context: int | None = None
    """Longest context to ask for; None: the model's own."""
    tokens: int | None = field(default=None, compare=False)
    """That the KV cache holds by the arithmetic; None: unknown."""


@dataclass(frozen=True)
class Candidate:
    """One layout, and the room that it leaves."""

    layout: Layout
    room: Room


def candidates(shape: ModelShape, wish: Wish, known: AcceleratorClass, memory: int) -> list[Candidate]:
    """Every layout that the wish allows, the best first."""
    return [
        Candidate(layout, room(shape, layout, memory, wish.utilization, wish.beside))
        for tensor, pipeline in splits(wish, known, shape.heads)
        for layout in (Layout(held, tensor, pipeline) for held in _formats(shape, wish, known))
    ]


def choose(shape: ModelShape, wish: Wish, found: list[Candidate]) -> Fit | None:
    """The first candidate with a good cache, else the one with the largest that will do; None: none will."""
    least = least_context(shape, wish)
    possible = [each for each in found if holds(each.room, least)]
    if not possible:
        return None
    good = [each for each in possible if _is_good(each.room, least)]
    chosen = good[0] if good else max(possible, key=lambda each: (each.room.tokens or 0, each.room.cache))
    return Fit(chosen.layout, _context(shape, wish, chosen.room), chosen.room.tokens)


def unchecked(wish: Wish, known: AcceleratorClass, shape: ModelShape | None) -> Fit:
    """The layout where model or memory is unknown: as the spec says, and all devices that it names."""
    tensor, pipeline = next(iter(splits(wish, known, shape.heads if shape else None)))
    held = wish.held or (shape.stored if shape else Format.BFLOAT16)
    return Fit(Layout(held, tensor, pipeline), wish.context)


def least_context(shape: ModelShape, wish: Wish) -> int:
    """Tokens that the cache must hold at least: one whole context, without which vLLM does not start."""
    return wish.context or min(shape.context or LEAST, LEAST)


def holds(room: Room, tokens: int) -> bool:
    """Whether the cache holds so many tokens; where a token's size is unknown, whether there is any cache."""
    return room.cache > 0 and (room.tokens is None or room.tokens >= tokens)


def _is_good(left: Room, least: int) -> bool:
    if left.tokens is None:
        return left.cache >= GOOD_SHARE * left.usable
    return left.tokens >= max(least, AIM)


def splits(wish: Wish, known: AcceleratorClass, heads: int | None) -> Iterator[tuple[int, int]]:
    """Tensor and pipeline parallelism for each number of devices that the wish allows, the fewest first."""
    for count in _counts(wish, known):
        if wish.tensor:
            yield wish.tensor, wish.pipeline or wish.nodes
        elif wish.pipeline:
            yield max(1, count // wish.pipeline), wish.pipeline
        else:
            # Within a node each layer is split, over nodes the layers are spread: that takes the least of the network.
            here = count // wish.nodes
            tensor = max(part for part in range(1, here + 1) if here % part == 0 and (heads or part) % part == 0)
            yield tensor, count // tensor


def devices(wish: Wish) -> int:
    """How many devices a wish names on all nodes; one a node where it names none."""
    if wish.count:
        return wish.count * wish.nodes
    return (wish.tensor or 1) * (wish.pipeline or wish.nodes)


def _counts(wish: Wish, known: AcceleratorClass) -> tuple[int, ...]:
    if wish.count or wish.tensor or wish.pipeline:
        return (devices(wish),)
    return tuple(count * wish.nodes for count in COUNTS if count <= (known.per_node or max(COUNTS)))


def _formats(shape: ModelShape, wish: Wish, known: AcceleratorClass) -> tuple[Format, ...]:
    if wish.held:
        return (wish.held,)
    if shape.stored is Format.BFLOAT16 and known.fp8 and wish.quantises:
        return (Format.BFLOAT16, Format.FP8)
    return (shape.stored,)


def _context(shape: ModelShape, wish: Wish, left: Room) -> int | None:
    if wish.context or shape.context is None or left.tokens is None or left.tokens >= shape.context:
        return wish.context
    return max(left.tokens // STEP * STEP, least_context(shape, wish))
