"""One way to open an ONNX model and to run it: on one core, quietly, with onnxruntime's many exceptions as our own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime  # type: ignore[import-untyped]
from onnxruntime.capi import onnxruntime_pybind11_state as state  # type: ignore[import-untyped]

from kefu_retrieval.errors import EncoderMissing

_ERRORS = (
    state.EPFail,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
    RuntimeError,
    ValueError,
)
"""onnxruntime's exceptions have no root of their own."""


class Session:
    """A loaded model; `run` may be called from several threads."""

    def __init__(self, model: Path, libraries: Sequence[str] = ()) -> None:
        """Load `model`, with libraries of custom operators.

        Raises:
            EncoderMissing: the file is no ONNX model, or one that this onnxruntime cannot run.
        """
        self._model = model
        options = onnxruntime.SessionOptions()
        for library in libraries:
            options.register_custom_ops_library(library)
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except _ERRORS as error:
            raise EncoderMissing(f"{model} cannot be loaded as an ONNX model: {str(error)[:200]}") from error

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs."""
        return [one.name for one in self._session.get_inputs()]

    @property
    def outputs(self) -> dict[str, list[Any]]:
        """Shapes of the outputs by name, in their order; a side that is not fixed is a name or None."""
        return {one.name: list(one.shape) for one in self._session.get_outputs()}

    def run(self, output: str, feed: dict[str, Any]) -> Any:
        """One output.

        Raises:
            EncoderMissing: the model does not take this.
        """
        try:
            return self._session.run([output], feed)[0]
        except _ERRORS as error:
            raise EncoderMissing(f"{self._model} cannot be run as a text encoder: {str(error)[:200]}") from error
