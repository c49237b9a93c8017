"""What pymilvus raises, told apart: wrong credentials are no outage."""

import grpc  # type: ignore[import-untyped]
import pytest
from pymilvus.exceptions import MilvusException  # type: ignore[import-untyped]

from kefu_retrieval.errors import StoreRefused, StoreUnreachable
from kefu_retrieval.store.milvus_errors import translated

CONNECT_FAILED = 2


class Ended(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """A call as gRPC ends it."""

    def __init__(self, status: grpc.StatusCode) -> None:
        self._status = status

    def code(self) -> grpc.StatusCode:
        return self._status

    def initial_metadata(self) -> None: ...
    def trailing_metadata(self) -> None: ...
    def details(self) -> None: ...
    def is_active(self) -> None: ...
    def time_remaining(self) -> None: ...
    def cancel(self) -> None: ...
    def add_callback(self, callback: object) -> None: ...


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, StoreRefused),
        (grpc.StatusCode.PERMISSION_DENIED, StoreRefused),
        (grpc.StatusCode.UNAVAILABLE, StoreUnreachable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, StoreUnreachable),
    ],
)
def test_a_connection_that_was_refused_is_not_one_that_failed(
    status: grpc.StatusCode, expected: type[Exception]
) -> None:
    with pytest.raises(expected, match="connecting"), translated("connecting"):
        raise MilvusException(CONNECT_FAILED, "Fail connecting to server") from Ended(status)
