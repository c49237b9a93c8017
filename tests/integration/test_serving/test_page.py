import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from redis.asyncio import Redis

from kefu_api.documents.release import Handoff
from tests.integration.test_serving.client import get, post
from tests.integration.test_serving.conftest import World
from tests.integration.test_serving.servers import eventually, mount

CHROMIUM = shutil.which("chromium")
PATIENCE = 30_000  # milliseconds
PAUSE = 2_000  # milliseconds between the page's questions for a person's words
DESK = {"authorization": "Bearer desk-key-456"}
expect.set_options(timeout=PATIENCE)  # the page's own limit does not reach what is expected of it
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; install it: apt-get install -y chromium")


@asynccontextmanager
async def a_page(world: World, locale: str, fragment: str = "") -> AsyncIterator[Page]:
    """The chat page in a real Chromium; anything the page logs as an error fails the test."""
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = await browser.new_page(locale=locale, viewport={"width": 900, "height": 760})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
        await page.goto(f"{world.gateway.url}/{fragment}")
        try:
            yield page
        finally:
            if folder := os.environ.get("KEFU_SCREENSHOTS"):
                name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0].replace("/", "-")
                await page.screenshot(path=Path(folder) / f"{name}.png")
            await browser.close()
    assert faults == []


async def ask(page: Page, question: str) -> None:
    """Types a question and sends it with Enter."""
    await page.get_by_role("textbox").fill(question)
    await page.get_by_role("textbox").press("Enter")


ZH_HIT = {
    "chunk": "c9", "document": "faq/return-window.zh", "title": "收到货后几天内可以退货？", "headings": [],
    "text": "签收后 7 天内可以无理由退货。", "language": "zh", "tags": [], "score": 1.0, "confidence": 0.9,
}  # fmt: skip
SPOKEN = {
    "en-GB": ("How long can I return it?", "You can return it within 7 days", "Send", "Show source 1"),
    "zh-CN": ("几天内可以退货？", "签收后 7 天内可以退货", "发送", "查看依据 1"),
}


@pytest.mark.parametrize("locale", SPOKEN)
async def test_an_answer_streams_in_and_its_source_unfolds(world: World, locale: str) -> None:
    question, answer, send, source = SPOKEN[locale]
    if locale == "zh-CN":
        world.retrieval.control(hits=[ZH_HIT])
        world.engine.control(pieces=["签收后 ", "7 天内", "可以退货", "[1]。"], interval=0.1)
    async with a_page(world, locale, f"#key={world.gateway.key}") as page:
        await expect(page.get_by_role("log")).to_contain_text("您好，我是小库")
        await expect(page.get_by_role("button", name=send)).to_be_visible()
        assert "key" not in page.url
        await ask(page, question)
        bubble = page.locator(".bot").last
        await expect(bubble).to_contain_text(answer)
        await expect(bubble.locator("details")).to_have_count(1)
        assert not await bubble.locator("blockquote").is_visible()
        await bubble.get_by_role("button", name=source).click()
        await expect(bubble.locator("blockquote")).to_be_visible()
        await expect(bubble.locator("blockquote")).to_contain_text("7")
        assert (await page.evaluate("document.documentElement.lang")).split("-")[0] == locale.split("-")[0]
    assert 'channel="web"' in world.gateway.metrics()


async def test_a_stopped_answer_says_so_and_the_engine_stops(world: World) -> None:
    world.engine.control(pieces=["Within 7 days. ", *["many "] * 2000], interval=0.05)
    async with a_page(world, "en-GB", f"#key={world.gateway.key}") as page:
        await ask(page, "How long?")
        await expect(page.locator(".bot").last).to_contain_text("Within 7 days.")
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator(".bot").last).to_contain_text("Stopped.")
        await expect(page.get_by_role("button", name="Send")).to_be_visible()


async def test_an_answer_that_breaks_off_is_told_in_a_sentence(world: World) -> None:
    world.engine.control(pieces=["Within ", "7 ", "days"], die_after=2, interval=0.1)
    async with a_page(world, "zh-CN", f"#key={world.gateway.key}") as page:
        await ask(page, "几天内可以退货？")
        await expect(page.locator(".bot").last.locator(".fault")).to_have_text("回答中断了，请再问一次。")


async def test_without_a_key_it_is_asked_for_and_a_wrong_one_again(world: World) -> None:
    async with a_page(world, "en-GB") as page:
        door = page.get_by_role("dialog")
        await expect(door).to_be_visible()
        await door.get_by_label("Access key").fill("wrong")
        await door.get_by_label("Access key").press("Enter")
        await ask(page, "How long?")
        await expect(door).to_contain_text("not valid")
        await door.get_by_label("Access key").fill(world.gateway.key)
        await expect(page.locator("#question")).to_have_value("How long?")
        # In one turn of the browser, as a quick hand on a slow machine: the new key counts from the first question on.
        await page.evaluate("document.getElementById('enter').click(); document.getElementById('ask').requestSubmit()")
        await expect(page.locator(".bot").last).to_contain_text("within 7 days")


async def test_markup_in_an_answer_stays_text(world: World) -> None:
    markup = ["<img src=x onerror=alert(1)>", "<b>7</b> days"]
    world.retrieval.control(hits=[{**ZH_HIT, "language": "en", "text": "".join(markup)}])
    world.engine.control(pieces=markup)
    async with a_page(world, "en-GB", f"#key={world.gateway.key}") as page:
        await ask(page, "<script>alert(1)</script> how long?")
        await expect(page.locator(".bot").last).to_contain_text("<b>7</b> days")
        await expect(page.locator(".own").last).to_have_text("<script>alert(1)</script> how long?")
        assert await page.locator(".bot img, .bot b").count() == 0


@pytest.mark.parametrize(
    ("locale", "thumb", "rating", "thanks"),
    [("zh-CN", "有帮助", "up", "谢谢您的反馈"), ("en-GB", "Not helpful", "down", "Thank you")],
)
async def test_a_thumb_under_an_answer_is_counted_once_and_thanked_for(
    world: World, locale: str, thumb: str, rating: str, thanks: str
) -> None:
    counted = f'rating="{rating}"'
    before = rated(world, counted)
    async with a_page(world, locale, f"#key={world.gateway.key}") as page:
        await ask(page, SPOKEN[locale][0])
        bubble = page.locator(".bot").last
        await bubble.get_by_role("button", name=thumb, exact=True).click()
        await expect(bubble).to_contain_text(thanks)
        await expect(bubble.locator(".thumbs button")).to_have_count(0)
    assert rated(world, counted) == before + 1


async def test_a_thumb_that_does_not_arrive_can_be_given_again(world: World) -> None:
    async with a_page(world, "en-GB", f"#key={world.gateway.key}") as page:
        await ask(page, "How long?")
        bubble = page.locator(".bot").last
        await page.route("**/v1/feedback", lambda route: route.abort())
        await bubble.get_by_role("button", name="Helpful", exact=True).click()
        await expect(bubble).to_contain_text("did not arrive")
        await page.unroute("**/v1/feedback")
        await bubble.get_by_role("button", name="Helpful", exact=True).click()
        await expect(bubble).to_contain_text("Thank you")


def rated(world: World, label: str) -> float:
    """How many thumbs of a kind the gateway has counted."""
    lines = (line for line in world.gateway.metrics().splitlines() if line.startswith("kefu_gateway_feedback_total"))
    return sum(float(line.rpartition(" ")[2]) for line in lines if label in line)


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose conversations people take over."""
    made = World(tmp_path_factory.mktemp("staffed"), {}, "desk-key-456", handoff=Handoff(on_request=True))
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("locale", "request_", "told", "passed_on", "left"),
    [
        ("zh-CN", "转人工", "接下来由人工客服为您服务", "消息已转给人工客服", "由机器人继续为您服务"),
        ("en-GB", "I want to talk to a human", "A member of our staff will answer", "Passed on to our staff", "the bot answers again"),
    ],
    ids=["zh-CN", "en-GB"],
)  # fmt: skip
async def test_a_person_answers_on_the_page_until_the_bot_does_again(
    staffed: World, locale: str, request_: str, told: str, passed_on: str, left: str
) -> None:
    gateway = staffed.gateway
    async with a_page(staffed, locale, f"#key={gateway.key}") as page:
        await ask(page, request_)
        await expect(page.locator(".bot").last).to_contain_text(told)
        await expect(page.locator(".thumbs")).to_have_count(0)
        await ask(page, "4711")
        await expect(page.locator(".bot").last).to_contain_text(passed_on)
        handoff = (await get(gateway, "/v1/handoffs", DESK)).body["handoffs"][-1]["handoff"]
        await post(gateway, f"/v1/handoffs/{handoff}/messages", {"text": "<b>Anna</b>: on Friday"}, DESK)
        await expect(page.locator(".person")).to_contain_text("<b>Anna</b>: on Friday")
        # Whoever loads the page anew in between finds the person's words again.
        await page.reload()
        await expect(page.locator(".person")).to_contain_text("<b>Anna</b>: on Friday")
        await post(gateway, f"/v1/handoffs/{handoff}/release", b"", DESK)
        await expect(page.locator(".event")).to_contain_text(left)
        await expect(page.locator(".person")).to_have_count(1)
        await ask(page, SPOKEN[locale][0])
        await expect(page.locator(".bot").last).to_contain_text("within 7 days")


async def handed_over(page: Page, world: World) -> str:
    """Asks for a person on the page; the hand-off."""
    before = await page.get_by_text("A member of our staff will answer").count()
    await ask(page, "I want to talk to a human")
    await expect(page.get_by_text("A member of our staff will answer")).to_have_count(before + 1)
    listed = (await get(world.gateway, "/v1/handoffs", DESK)).body["handoffs"]
    return str(listed[-1]["handoff"])


async def say(world: World, handoff: str, text: str) -> None:
    reply = await post(world.gateway, f"/v1/handoffs/{handoff}/messages", {"text": text}, DESK)
    assert reply.status == 200, reply


async def test_a_changed_key_is_that_of_the_person_s_words_too(staffed: World) -> None:
    gateway = staffed.gateway
    statuses: list[tuple[str, int]] = []
    async with a_page(staffed, "en-GB", f"#key={gateway.key}") as page:
        handoff = await handed_over(page, staffed)
        page.on("response", lambda answer: statuses.append((answer.url, answer.status)))

        def is_refused(url: str, status: int) -> bool:
            return "/messages?" in url and status == 401

        try:
            async with page.expect_response(lambda answer: is_refused(answer.url, answer.status)):
                mount(gateway.keys, {"web": "another-key-456"})
            await page.wait_for_timeout(3 * PAUSE)
            await ask(page, "4711")
            door = page.get_by_role("dialog")
            await door.get_by_label("Access key").fill("another-key-456")
            await door.get_by_label("Access key").press("Enter")
            await page.get_by_role("button", name="Send").click()
            await expect(page.locator(".bot").last).to_contain_text("Passed on to our staff")
            await say(staffed, handoff, "on Friday")
            await expect(page.locator(".person")).to_contain_text("on Friday")
            assert sum(is_refused(url, status) for url, status in statuses) == 1
        finally:
            mount(gateway.keys, {"web": gateway.key})
            await asyncio.to_thread(eventually, lambda: asyncio.run(get(gateway, "/v1/models")).status == 200)


async def test_each_of_a_person_s_words_is_shown_once_also_when_their_numbers_begin_anew(staffed: World) -> None:
    async with a_page(staffed, "en-GB", f"#key={staffed.gateway.key}") as page:
        handoff = await handed_over(page, staffed)
        for number, text in enumerate(("one", "two", "three"), start=1):
            await say(staffed, handoff, text)
            await expect(page.locator(".person")).to_have_count(number)
        # As after a day, or a Redis that lost everything.
        async with Redis(host="127.0.0.1", port=staffed.redis_port) as redis:
            await redis.flushall()
        await expect(page.locator(".event")).to_have_count(1)
        handoff = await handed_over(page, staffed)
        await say(staffed, handoff, "four")
        await expect(page.locator(".person")).to_have_count(4)
        # Numbers go on where it was released, and all before can still be heard.
        await post(staffed.gateway, f"/v1/handoffs/{handoff}/release", b"", DESK)
        await expect(page.locator(".event")).to_have_count(2)
        await say(staffed, await handed_over(page, staffed), "five")
        await expect(page.locator(".person").last).to_contain_text("five")
        assert [text.split("\n")[-1] for text in await page.locator(".person").all_inner_texts()] == [
            "one", "two", "three", "four", "five",
        ]  # fmt: skip
