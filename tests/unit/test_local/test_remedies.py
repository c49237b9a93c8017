from kefu_operator.fetch.reasons import MODEL_CHECKSUM_MISMATCH, MODEL_UNREACHABLE
from kefu_operator.local.remedies import remedy

FETCH = (
    "python",
    "-m",
    "kefu_operator.fetch",
    "--uri",
    "hf://a/b/m.gguf",
    "--into",
    "/x",
    "--sha256",
    "ab",
    "--store",
    "/c",
)


def test_an_unreachable_model_can_be_brought_by_hand() -> None:
    assert remedy(MODEL_UNREACHABLE, FETCH).endswith("put it to /c/sha256/ab/m.gguf")


def test_a_model_without_a_digest_has_no_such_place() -> None:
    assert remedy(MODEL_UNREACHABLE, FETCH[:7]) == ""


def test_other_failures_need_another_remedy() -> None:
    assert remedy(MODEL_CHECKSUM_MISMATCH, FETCH) == ""
