"""Web pages: the main text in its structure; what surrounds it is dropped, and what nobody sees is reported."""

import pytest

from tests.unit.test_sources.reading import Reader

SHOP = """<!DOCTYPE html><html lang="zh"><head><meta charset="{charset}"><title>退换货政策 - 好物商城</title>
<style>.accordion .closed {{ display: none }} @media print {{ .noprint {{ display: none }} }} .gone, #gone {{ DISPLAY : none !important }}</style>
<script>var 秘密 = 1;</script></head><body>
<header class="site-header"><a href="/">好物商城</a><nav><ul><li><a href="/a">首页</a></li><li><a href="/b">分类</a></li></ul></nav></header>
<div class="breadcrumb"><a href="/">首页</a> &gt; 帮助</div>
<div id="cookie-banner">我们使用 Cookie。<button>接受</button></div>
<div class="layout"><div class="sidebar"><ul><li><a href="/1">发货说明</a></li><li><a href="/2">支付方式</a></li><li><a href="/3">发票</a></li></ul></div>
<div class="content noprint"><h1>退换货政策</h1><p>签收后<b>七天</b>内可以<a href="/x">无理由退货</a>。</p>
<h2>运费</h2><table><thead><tr><th>原因</th><th>谁承担</th></tr></thead><tbody><tr><td>质量问题</td><td>商家</td></tr><tr><td>不喜欢</td><td>买家 | 顾客</td></tr></tbody></table>
<ol><li>申请<ul><li>选择原因</li></ul></li><li>寄回</li></ol><dl><dt>多久退款</dt><dd>三天内。</dd></dl>
<p>地址：<br>杭州市<br>西湖区</p></div></div>
<footer>© 2026 好物商城 版权所有</footer></body></html>"""

BODY = """# 退换货政策

签收后七天内可以无理由退货。

## 运费

| 原因 | 谁承担 |
| --- | --- |
| 质量问题 | 商家 |
| 不喜欢 | 买家 \\| 顾客 |

1. 申请
  - 选择原因
2. 寄回

多久退款

三天内。

地址：
杭州市
西湖区"""


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gb18030"])
def test_the_main_text_of_a_shops_page(read: Reader, charset: str) -> None:
    page = read.page("a.html", SHOP.format(charset=charset).encode(charset.replace("gb2312", "gb18030")))
    assert page.body == BODY
    assert (page.title, page.language) == ("退换货政策", "zh")


def test_main_and_article_are_preferred(read: Reader) -> None:
    text = (
        "<html><body><div>Deals of the day: everything must go, more than a hundred offers.</div>"
        "<main><header><h1>Shipping</h1></header><p>Orders leave within two working days.</p></main></body></html>"
    )
    assert read.page("a.html", text).body == "# Shipping\n\nOrders leave within two working days."


HIDDEN = {
    "display: none": '<div style="display:none">SECRET words</div>',
    "display: none by class": '<div class="gone">SECRET words</div>',
    "visibility: hidden": '<p style="visibility: hidden">SECRET words</p>',
    "hidden attribute": "<p hidden>SECRET words</p>",
    "opacity: 0": '<p style="opacity: 0.0">SECRET words</p>',
    "font size near 0": '<span style="font-size:1px">SECRET words</span>',
    "the colour of its background": '<p style="color:#fff">SECRET words</p>',
    "the colour of its background, in rgb": '<p style="color: rgb(255, 255, 254)">SECRET words</p>',
    "the colour of its background, which is dark": '<div style="background:#111"><p style="color:#121212">SECRET words</p></div>',
    "the colour of its background, see-through": '<p style="color: transparent">SECRET words</p>',
    "the colour of its background, by an old tag": '<font color="white">SECRET words</font>',
    "placed outside of the page": '<p style="position:absolute; left:-9999px">SECRET words</p>',
    "a box without size": '<div style="height:0;overflow:hidden">SECRET words</div>',
    "clipped away": '<span style="clip: rect(0 0 0 0)">SECRET words</span>',
}
SHOWN = {
    "white on a dark button": '<p style="background-color:#c00;color:#fff">SECRET words</p>',
    "white on a picture": '<div style="background:url(x.png)"><p style="color:white">SECRET words</p></div>',
    "black again inside white": '<div style="color:#fff"><p style="color:#333">SECRET words</p></div>',
    "hidden in print alone": '<p class="noprint">SECRET words</p>',
    "small print": '<small style="font-size:9px">SECRET words</small>',
    "half see-through": '<p style="opacity:0.5">SECRET words</p>',
}
PAGE = (
    "<html><head><style>.gone{{display:none}} @media print{{.noprint{{display:none}}}}</style></head>"
    "<body><h1>Returns</h1><p>Within 30 days.</p>{piece}</body></html>"
)


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_text_is_reported_and_not_indexed(read: Reader, case: str) -> None:
    reading = read("a.html", PAGE.format(piece=HIDDEN[case]))
    assert [page.body for page in reading.pages] == ["# Returns\n\nWithin 30 days."]
    (left,) = reading.omissions
    assert left.document == "s/a.html#hidden"
    assert left.reason.startswith(f"hidden text ({case.partition(' by ')[0].partition(',')[0]}): “SECRET words”")


@pytest.mark.parametrize("case", SHOWN)
def test_text_that_can_be_read_stays(read: Reader, case: str) -> None:
    assert "SECRET words" in read.page("a.html", PAGE.format(piece=SHOWN[case])).body


def test_a_page_that_only_a_script_writes_is_refused(read: Reader) -> None:
    text = "<html><body><div id=app></div><script>render()</script><noscript>Enable JavaScript</noscript></body></html>"
    assert "perhaps a script writes it" in read.refusal("a.html", text)


def test_headings_that_are_only_text_do_not_become_headings(read: Reader) -> None:
    assert read.page("a.html", "<html><body><p># 1 in sales</p></body></html>").body == "\\# 1 in sales"


def test_a_table_for_layout_is_unfolded(read: Reader) -> None:
    text = "<html><body><table><tr><td><h1>Hours</h1><p>9 to 5</p></td></tr></table></body></html>"
    assert read.page("a.html", text).body == "# Hours\n\n9 to 5"


def test_a_page_nested_a_hundred_thousand_deep_costs_itself_alone(read: Reader) -> None:
    reading = read("a.html", "<html><body>" + "<div>" * 100_000 + "x")
    assert len(reading.pages) + len(reading.omissions) == 1
    assert read.page("b.html", "<html><body>fine</body></html>").body == "fine"
