"""When Redis is left alone for a while: where it did not answer, and not where it said no."""

import pytest
from redis import exceptions

from kefu_serving.errors import SessionStoreAway
from kefu_serving.sessions.bounded import Bounded
from kefu_serving.sessions.cooldown import Cooldown


@pytest.mark.parametrize(
    ("fault", "alone"),
    [
        (exceptions.ConnectionError, True), (exceptions.TimeoutError, True), (exceptions.BusyLoadingError, True), (TimeoutError, True), (ConnectionResetError, True),
        (exceptions.ResponseError, False), (exceptions.NoPermissionError, False), (exceptions.OutOfMemoryError, False),
    ],
)  # fmt: skip
async def test_who_is_left_alone(fault: type[Exception], alone: bool) -> None:
    async def fail() -> None:
        raise fault("said")

    cooldown = Cooldown(60)
    with pytest.raises(SessionStoreAway, match=fault.__name__):
        await Bounded(cooldown)(fail())
    assert cooldown.active is alone
