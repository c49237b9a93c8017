"""Lines that most pages repeat: found, left where they stand first, and nothing else is touched."""

from kefu_retrieval.chunks.boilerplate import FEWEST_PAGES, Boilerplate

FOOTER = "客服电话 400-123-4567，每天 9:00–21:00"


def pages(count: int, footer: str = FOOTER) -> list[str]:
    return [f"# 标题 {n}\n\n这是第 {n} 篇的正文。\n\n{footer}" for n in range(count)]


def stripped(bodies: list[str], source: str = "s") -> tuple[list[str], Boilerplate]:
    boilerplate = Boilerplate()
    for body in bodies:
        boilerplate.see(source, body)
    return [boilerplate.strip(source, body) for body in bodies], boilerplate


def test_leaves_a_repeated_line_on_the_first_page_only() -> None:
    given = pages(20)
    made, boilerplate = stripped(given)
    assert made[0] == given[0]
    assert all(FOOTER not in body and f"第 {n} 篇的正文" in body for n, body in enumerate(made[1:], start=1))
    (found,) = boilerplate.found()
    assert (found.source, found.line, found.pages) == ("s", FOOTER, 20)


def test_finds_nothing_in_a_few_pages_or_in_what_half_of_them_say() -> None:
    few = pages(FEWEST_PAGES - 1)
    assert stripped(few)[0] == few
    half = pages(10) + pages(10, "另一行")
    made, boilerplate = stripped(half)
    assert (made, boilerplate.found()) == (half, [])


def test_never_takes_out_what_holds_a_page_together() -> None:
    given = [f"## 运费\n\n| 地区 | 运费 |\n|---|---|\n| 省 {n} | 8 元 |\n\n```\nmake\n```" for n in range(20)]
    made, boilerplate = stripped(given)
    assert (made, boilerplate.found()) == (given, [])


def test_takes_page_numbers_out_of_every_page() -> None:
    given = [f"正文 {n} 的内容\n第 {n} 页 / 共 20 页" for n in range(1, 21)]
    made, _ = stripped(given)
    assert made == [f"正文 {n} 的内容" for n in range(1, 21)]
    prices = [f"正文 {n} 的内容\n{n} 元" for n in range(1, 21)]
    assert stripped(prices)[0] == prices


def test_counts_each_source_by_itself() -> None:
    boilerplate = Boilerplate()
    for body in pages(20):
        boilerplate.see("a", body)
    boilerplate.see("b", FOOTER)
    assert boilerplate.strip("b", FOOTER) == FOOTER


def test_finds_what_most_of_a_thousand_pages_say_and_holds_few_lines_meanwhile() -> None:
    boilerplate = Boilerplate()
    given = [
        f"正文 {n}\n" + "\n".join(f"行 {n} {m}" for m in range(30)) + ("\n" + FOOTER if n % 10 < 7 else "")
        for n in range(1_000)
    ]
    for body in given:
        boilerplate.see("s", body)
        assert len(boilerplate._counts["s"].lines) < 1_000
    (found,) = boilerplate.found()
    assert (found.line, 600 < found.pages <= 700) == (FOOTER, True)
