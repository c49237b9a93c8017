"""Foreign exceptions translated at the boundary: what pymilvus and gRPC raise, as our own tree."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
from pymilvus.exceptions import (  # type: ignore[import-untyped]
    ConnectError,
    ConnectionNotExistException,
    MilvusException,
    MilvusUnavailableException,
)

from kefu_retrieval.errors import (
    CollectionGone,
    DatabaseMissing,
    RetrievalError,
    StoreFailed,
    StoreRefused,
    StoreUnreachable,
)

NOT_FOUND = frozenset({100})
DATABASE_NOT_FOUND = frozenset({800})
NOT_LOADED = frozenset({101, 103, 104})
NO_INDEX = frozenset({700})
"""Whoever made the collection was stopped before it had its index: it cannot be loaded, and only be made anew."""
ALIAS_NOT_FOUND = frozenset({1600})
"""Milvus error codes (pkg/util/merr); Milvus Lite answers 100 for a missing alias too."""

_NO_DATABASE = re.compile(r"database(:| ')[A-Za-z0-9_]+'? (does not exist|not found)")
"""Neither Milvus Lite nor every call of Milvus 2.3 has a code of its own for it."""
_CONNECT_FAILED = frozenset({2})
_PASSING = frozenset({1, 3, 4, 5, 7, 8, 9, 65535})
"""Not ready, out of memory, too many requests, internal, disk full, rate limit, quota, unexpected."""
_REFUSED = frozenset(
    {
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run the block; what it raises leaves as `StoreUnreachable`, `StoreFailed`, `StoreRefused` or `CollectionGone`."""
    try:
        yield
    except grpc.RpcError as error:
        raise _from_grpc(doing, error.code() if isinstance(error, grpc.Call) else None) from error
    except (ConnectError, ConnectionNotExistException, MilvusUnavailableException) as error:
        raise StoreUnreachable(f"{doing}: the Milvus server cannot be reached") from error
    except MilvusException as error:
        raise _from_milvus(doing, error) from error
    except ValueError as error:
        if "closed channel" not in str(error):
            raise
        raise StoreUnreachable(f"{doing}: the connection was closed meanwhile") from error


def _from_grpc(doing: str, code: grpc.StatusCode | None) -> RetrievalError:
    name = code.name if code else "no status"
    if code in _REFUSED:
        return StoreRefused(f"{doing}: Milvus refuses ({name}); check the store's credentials and database")
    return StoreUnreachable(f"{doing}: the Milvus server does not answer ({name})")


def _from_milvus(doing: str, error: MilvusException) -> RetrievalError:
    code: object = error.code
    detail = f"{doing}: {str(error.message)[:300]}"
    if isinstance(code, grpc.StatusCode):
        return _from_grpc(doing, code)
    if code in _CONNECT_FAILED and isinstance(error.__cause__, grpc.Call) and error.__cause__.code() in _REFUSED:
        return _from_grpc(doing, error.__cause__.code())  # pymilvus calls wrong credentials a failure to connect
    if code in DATABASE_NOT_FOUND or _NO_DATABASE.search(detail):
        return DatabaseMissing(detail)
    if code in NOT_FOUND | NOT_LOADED | NO_INDEX:
        return CollectionGone(detail)
    if code in _CONNECT_FAILED or "Retry timeout" in detail or "Retry run out" in detail:
        return StoreUnreachable(f"{doing}: the Milvus server does not answer in time")
    if code in _PASSING:
        return StoreFailed(detail)
    return StoreRefused(detail)
