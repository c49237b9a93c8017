"""Finding the sentence encoder of the builtin embedding, which images carry and this machine must have."""

from collections.abc import Mapping
from pathlib import Path

from kefu_operator.local.errors import EncoderMissing

VARIABLE = "KEFU_ENCODER_PATH"
SHA256 = "b8b05b01f0861094f0475cb288ad1b303ae8aee2ebe96e650d210805d5ca70f7"
"""Of the encoder that the retrieval image carries; models are stored by their digest."""


def find_encoder(models: Path, environment: Mapping[str, str], given: Path | None = None) -> Path:
    """The encoder file: the one given, that of the environment, or that of the model store.

    Raises:
        EncoderMissing: it is nowhere.
    """
    if given or environment.get(VARIABLE):
        chosen = Path(given or environment[VARIABLE]).absolute()
        if not chosen.is_file():
            raise EncoderMissing(f"there is no sentence encoder at {chosen}: correct --encoder or {VARIABLE}")
        return chosen
    folder = models / "sha256" / SHA256
    files = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    if not files:
        raise EncoderMissing(
            f"the sentence encoder is not in {folder}: fetch it with `python -m hack.models fetch encoder`, "
            "or say where it is with --encoder"
        )
    return files[0]
