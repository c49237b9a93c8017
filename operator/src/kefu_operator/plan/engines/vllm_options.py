"""From the spec's options of vLLM to its command line."""

import json
from collections.abc import Sequence

from kefu_api.kinds.vllm import Speculative, VllmEngine
from kefu_operator.plan.fit.choose import Fit
from kefu_operator.plan.fit.shape import Format

HELD: dict[str, Format] = {"fp8": Format.FP8, "int8": Format.INT8, "awq": Format.INT4, "gptq": Format.INT4}
"""What `quantization` makes of the layers' weights; `none` leaves what the files hold."""

ONLINE = {Format.FP8: "fp8"}
"""vLLM's method that quantises while loading. What the files hold already it finds in their config.json, and picks the
fastest kernel itself where no method is named. Its `int8_per_channel_weight_only` leaves all but a mixture's experts as they
were: on an H100 an 8B model took 15.3 GiB with it, as without."""


def held(options: VllmEngine, stored: Format | None) -> Format | None:
    """The format that the spec asks for; None where it is to be chosen."""
    if options.quantization == "none":
        return stored or Format.BFLOAT16
    if options.quantization == "gptq" and stored is Format.INT8:
        return Format.INT8
    return HELD[options.quantization] if options.quantization else None


def layout_options(fit: Fit, stored: Format) -> list[str]:
    """How the model lies on its accelerators."""
    layout = fit.layout
    made = []
    if layout.tensor > 1:
        made += ["--tensor-parallel-size", str(layout.tensor)]
    if layout.pipeline > 1:
        made += ["--pipeline-parallel-size", str(layout.pipeline)]
    if layout.held is not stored and layout.held in ONLINE:
        made += ["--quantization", ONLINE[layout.held]]
    if fit.context:
        made += ["--max-model-len", str(fit.context)]
    return made


def serving_options(options: VllmEngine, adapters: Sequence[str], draft: str | None) -> list[str]:
    """What does not depend on the accelerators; the user's own come last.

    Args:
        options: the spec's.
        adapters: the options of LoRA.
        draft: folder of the draft model of speculative decoding.
    """
    made = [] if options.prefix_caching else ["--no-enable-prefix-caching"]
    made += adapters
    if options.speculative:
        made += ["--speculative-config", _speculative(options.speculative, draft)]
    return [*made, *options.args]


def _speculative(wanted: Speculative, draft: str | None) -> str:
    method: dict[str, object] = {"num_speculative_tokens": wanted.tokens}
    if wanted.ngram:
        method |= {"method": "ngram", "prompt_lookup_max": wanted.ngram.lookup, "prompt_lookup_min": 1}
    else:
        method["model"] = draft
    return json.dumps(method)
