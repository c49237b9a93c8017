"""What LoRA takes of a vLLM, fixed when it starts: which ranks, how many adapters, and how much room for their files.

It only ever grows while an engine lives. Whoever is the first to bring an adapter, or one that needs more, has the engine's pods
replaced; who takes it back does not, nor does the next one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from kefu_api.kinds import vllm
from kefu_api.kinds.model import Adapter
from kefu_api.kinds.types import amount

SLOTS = 4
"""Adapters that one batch can mix; a batch that wants more waits for a place."""
KEPT = 32
"""Adapters that main memory holds, to be put into a slot in milliseconds."""
RANKS = (16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes for --max-lora-rank, from 16 on, so that adapters of common ranks come without a restart."""
ROOM = 8 * 2**30
"""Bytes that the room for downloads is a multiple of, for the same reason."""


@dataclass(frozen=True)
class Lora:
    """What an engine offers."""

    rank: int
    """The greatest."""
    slots: int = SLOTS
    kept: int = KEPT
    room: int = ROOM
    """Bytes for downloads."""

    @property
    def options(self) -> tuple[str, ...]:
        """Of vLLM's command line."""
        return (
            "--enable-lora",
            "--max-loras", str(self.slots),
            "--max-cpu-loras", str(self.kept),
            "--max-lora-rank", str(self.rank),
        )  # fmt: skip


def lora_for(adapters: Iterable[Adapter], asked: vllm.Lora | None = None) -> Lora | None:
    """The least that serves all adapters, and that the spec asks for; None where there is neither."""
    wanted = tuple(adapters)
    ranks = [each.rank for each in wanted] + ([asked.max_rank] if asked else [])
    if not ranks:
        return None
    return Lora(
        rank=next(each for each in RANKS if each >= max(ranks)),
        slots=asked.max_adapters if asked else SLOTS,
        room=max(1, ceil(sum(amount(each.size) for each in wanted) / ROOM)) * ROOM,
    )


def combined(offers: Iterable[Lora | None]) -> Lora | None:
    """The least that is as much as each of these; None where there is none."""
    known = [each for each in offers if each]
    if not known:
        return None
    return Lora(
        rank=max(each.rank for each in known),
        slots=max(each.slots for each in known),
        kept=max(each.kept for each in known),
        room=max(each.room for each in known),
    )


def offered(command: Sequence[str], room: int) -> Lora | None:
    """What a vLLM offers that was started by `command`, with `room` for downloads; None where LoRA is off."""
    words = dict(pairwise(command))
    if "--enable-lora" not in words:
        return None
    slots, kept, rank = (int(words[option]) for option in ("--max-loras", "--max-cpu-loras", "--max-lora-rank"))
    return Lora(rank, slots, kept, room)
