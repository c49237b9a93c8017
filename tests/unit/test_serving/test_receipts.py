"""Receipts of answers."""

import pytest

from kefu_serving.variants.receipts import Receipt, Receipts

RECEIPTS, GIVEN = Receipts(b"one salt for all"), Receipt("35b27f4fb5a7f356", "r-0f3a9b2c1d")


def test_another_replica_with_the_same_salt_believes_it() -> None:
    text = RECEIPTS.write(GIVEN, "web")
    assert len(text) <= 160
    assert Receipts(b"one salt for all").read(text, "web") == GIVEN
    assert Receipts(b"another salt").read(text, "web") is None


def test_another_key_s_receipt_is_none() -> None:
    assert RECEIPTS.read(RECEIPTS.write(GIVEN, "web"), "app") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("35b", "35c", 1),
        lambda text: text.replace("r-0f", "r-1f", 1),
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text + "0",
        lambda text: "",
        lambda text: "a.b",
        lambda text: "名" * 40,
    ],
)
def test_a_changed_one_is_none(change: object) -> None:
    assert callable(change)
    assert RECEIPTS.read(change(RECEIPTS.write(GIVEN, "web")), "web") is None
