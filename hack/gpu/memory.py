"""`python hack/gpu/memory.py`: what models take of a GPU's memory, as JSON.

Models are built from their published dimensions with whatever bytes are in the memory, since only sizes count here, so
that no weights are needed. Wants torch and transformers, and nothing of Kefu's. For each model:

- weights: bytes of all parameters in bfloat16, as the allocator counts them;
- cache: bytes of keys and values that one token leaves, from a prompt that was really read;
- activations: bytes at the peak of reading LONGEST tokens in one batch, beyond weights and cache. vLLM reads as many at
  once on such a GPU, and computes the logits of the last token of each prompt alone, as is done here;
- held: whether weights, the predicted number of tokens in the cache and that batch lay in the memory together.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers

LONGEST = 8192
UTILIZATION = 0.9
MEMORY = 81_559 * 2**20
RUNTIME = 3 * 2**30
"""What the accelerator table says of an H100, and what Kefu sets aside on one (kefu_operator.plan.fit.room)."""


@dataclass(frozen=True)
class Published:
    """A model by the dimensions of its config.json."""

    family: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    vocabulary: int
    tied: bool = False
    head: int = 128
    more: dict[str, Any] = field(default_factory=dict)

    def build(self) -> torch.nn.Module:
        """The model on the GPU in bfloat16; its weights are what lay there."""
        kind = getattr(transformers, f"{self.family}Config")
        config = kind(
            num_hidden_layers=self.layers,
            hidden_size=self.hidden,
            intermediate_size=self.intermediate,
            num_attention_heads=self.heads,
            num_key_value_heads=self.kv_heads,
            head_dim=self.head,
            vocab_size=self.vocabulary,
            tie_word_embeddings=self.tied,
            max_position_embeddings=40960,
            dtype="bfloat16",
            attn_implementation="sdpa",
            **self.more,
        )
        with torch.device("meta"):
            model = getattr(transformers, f"{self.family}ForCausalLM")(config).to(torch.bfloat16)
        model = model.to_empty(device="cuda")
        if self.tied:
            model.tie_weights()
        return model.eval()


MODELS = {
    "qwen2.5-1.5b": Published("Qwen2", 28, 1536, 8960, 12, 2, 151936, tied=True),
    "qwen2.5-7b": Published("Qwen2", 28, 3584, 18944, 28, 4, 152064),
    "qwen2.5-14b": Published("Qwen2", 48, 5120, 13824, 40, 8, 152064),
    "qwen3-8b": Published("Qwen3", 36, 4096, 12288, 32, 8, 151936),
    "qwen3-14b": Published("Qwen3", 40, 5120, 17408, 40, 8, 151936),
    "qwen3-32b": Published("Qwen3", 64, 5120, 25600, 64, 8, 151936),
    "llama-3.1-8b": Published("Llama", 32, 4096, 14336, 32, 8, 128256),
    "mistral-7b-v0.3": Published("Mistral", 32, 4096, 14336, 32, 8, 32768, more={"sliding_window": None}),
}


def measure(published: Published) -> dict[str, Any]:
    """All figures of one model, in bytes."""
    torch.cuda.empty_cache()
    empty = torch.cuda.memory_allocated()
    model = published.build()
    weights = torch.cuda.memory_allocated() - empty
    read(model, 16)  # libraries take their workspaces at the first call
    base = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    cache = read(model, LONGEST)
    kept = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    activations = torch.cuda.max_memory_allocated() - base - kept
    del cache
    per_token = kept / LONGEST
    tokens = int((MEMORY * UTILIZATION - weights - RUNTIME) / per_token)
    held = tokens > LONGEST and together(model, int((tokens - LONGEST) * per_token))
    del model
    return {
        "weights": weights,
        "cachePerToken": round(per_token),
        "activations": activations,
        "tokens": tokens,
        "held": held,
    }


def read(model: torch.nn.Module, tokens: int) -> Any:
    """The keys and values after a prompt of so many tokens."""
    prompt = torch.randint(0, 1000, (1, tokens), device="cuda")
    with torch.inference_mode():
        return model(prompt, use_cache=True, logits_to_keep=1).past_key_values


def together(model: torch.nn.Module, others: int) -> bool:
    """Whether so many bytes of others' keys and values lie beside the model while LONGEST tokens are read, within UTILIZATION."""
    torch.cuda.empty_cache()
    held = torch.empty(others, dtype=torch.uint8, device="cuda")
    torch.cuda.reset_peak_memory_stats()
    try:
        read(model, LONGEST)
    except torch.OutOfMemoryError:
        return False
    free, total = torch.cuda.mem_get_info()
    del held
    peak = torch.cuda.max_memory_allocated()
    outside = total - free - torch.cuda.memory_reserved()
    return bool(peak + outside <= total * UTILIZATION)


def main() -> int:
    """Measure every model, or those that are named, and print one JSON object."""
    torch.cuda.init()
    torch.zeros(1, device="cuda")
    free, total = torch.cuda.mem_get_info()
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name(0),
        "memory": total,
        "context": total - free - torch.cuda.memory_reserved(),
        "torch": torch.__version__,
        "models": {},
    }
    for name in sys.argv[1:] or MODELS:
        print(name, file=sys.stderr, flush=True)
        found["models"][name] = measure(MODELS[name])
        print(json.dumps(found["models"][name]), file=sys.stderr, flush=True)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
