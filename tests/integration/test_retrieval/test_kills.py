"""Ten kills out of a seed; `python -m tests.benchmarks retrieval-kills` does two hundred."""

from pathlib import Path

from tests.integration.test_retrieval import servers
from tests.integration.test_retrieval.kills import VICTIMS, Story
from tests.integration.test_retrieval.words_endpoint import words_endpoint

KILLS = 10


def test_nothing_is_lost_doubled_or_mixed_whatever_is_killed(tmp_path: Path) -> None:
    with words_endpoint() as embedding, servers.milvus_lite(tmp_path / "lite") as lite:
        tally = Story(tmp_path, embedding, lite, seed=20).run(KILLS)
    print(tally)
    assert tally.wrong == []
    assert tally.kills.total() == KILLS
    assert set(tally.kills) == set(VICTIMS)
    assert tally.published > 1
    assert tally.built_on > 0
    assert tally.answers["found"] > KILLS
