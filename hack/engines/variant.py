"""The one build beside the wheel: what its compiler is told, and what a CPU must have to run it.

Ice Lake, Zen 4 and later CPUs take it. What only one maker's CPUs have (BF16, AMX) stays off. Grammars are llama.cpp's own:
llguidance would want a Rust compiler. Nothing is fetched by the server, so it has no TLS either.
"""

NAME = "x86-64-v4-vnni"
"""Of its folder, and of the build in the engine's log."""

CPU_FLAGS = (
    "avx", "avx2", "bmi2", "f16c", "fma",
    "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vbmi", "avx512_vnni",
)  # fmt: skip
"""As /proc/cpuinfo spells them."""

_ON = ("AVX", "AVX2", "BMI2", "F16C", "FMA", "AVX512", "AVX512_VBMI", "AVX512_VNNI")

CMAKE_ARGS = (
    "-DGGML_NATIVE=OFF",
    *(f"-DGGML_{name}=ON" for name in _ON),
    "-DLLAMA_LLGUIDANCE=OFF",
    "-DLLAMA_BUILD_BORINGSSL=OFF",
    # Else the build downloads a web page, whichever is the newest, and links it in.
    "-DLLAMA_USE_PREBUILT_UI=OFF",
)
"""They come last on the command line of the package's own build, and win."""
