"""Phrases that ask for a person, and phrases that only sound like it."""

import csv
import gzip
import io
import os
from pathlib import Path

import pytest

from kefu_serving.turn.requests import asks_for_person, is_courtesy

ASKED = (
    "转人工", "转人工！", "请帮我转人工客服", "转接人工服务", "人工", "人工客服", "人工客服在吗", "真人", "我要找真人客服", "我要人工", "我要人工客服！！",
    "我需要人工服务", "能不能转人工？", "可以转人工吗", "怎么转人工", "麻烦转一下人工", "帮我接通人工客服", "叫个真人来", "找人工客服处理", "换人工",
    "给我转到人工", "有人工客服吗", "有没有真人客服", "我想和真人说话", "我要跟人工客服沟通", "想跟客服人员聊聊", "找客服", "叫你们客服来",
    "不要机器人", "我不想跟机器人聊", "别让机器人回复", "你答非所问，转人工吧", "退货的事说不清楚，帮我找个真人", "转 人 工", "轉人工客服".replace("轉", "转"),
    "耳机坏了怎么办，直接给我转人工", "请转人工，谢谢", "安排人工处理", "我要投诉，请联系人工客服",
    "can I talk to a human", "Can I talk to a human?", "I want to speak to a real person", "i'd like to speak with someone please",
    "Please connect me to an agent", "transfer me to a human agent now", "let me talk to a person", "speak to a representative",
    "I need a human", "I want a live agent", "get me a human!", "Could I have a human, please?", "human", "Agent please", "live chat",
    "is there a real person I can talk to?", "Is there a human available?", "put me through to your operator",
    "I would like to chat with a customer service representative about my order", "hand me over to a human",
    "This is useless, give me a real person", "can i speak to a manager", "Can I talk to someone about my refund?",
)  # fmt: skip

NOT_ASKED = (
    "人工智能是什么", "你们的人工智能音箱支持蓝牙吗", "人工费多少钱", "安装要收人工费吗", "人工服务费怎么算", "需要人工安装吗", "这个要人工安装吗", "安装需要人工吗",
    "人工客服几点上班", "人工客服的工作时间", "人工客服电话是多少", "客服电话是多少", "怎么联系客服", "客服邮箱是什么", "你是人工还是机器人", "你是真人吗",
    "不用转人工", "不需要转人工，谢谢", "先别转人工", "人工湖边能用吗", "这是人工合成的宝石吗", "扫地机器人怎么用", "机器人吸尘器有保修吗", "真人秀同款有货吗",
    "真人发假发怎么洗", "换货需要几天", "转账多久到账", "找不到订单", "联系快递员", "你好", "七天内可以退货吗", "换人工皮革的沙发套", "我要人工智能音箱",
    "接入人工智能平台的接口", "不要机器人吸尘器，要手持的", "要人工耳蜗配件", "和客服的聊天记录能导出吗",
    "do humans like this phone", "Is this pillow good for humans?", "Is it safe for human skin?", "are you a human?", "Am I talking to a real person?",
    "is this a human", "Do I need a person to sign for the parcel?", "What is your customer service phone number?", "How do I contact customer service?",
    "customer service hours", "Can I get an agent discount?", "I need a representative sample of your fabrics", "human-shaped pillow",
    "I want the human anatomy poster", "I don't want to talk to a human", "no need to transfer me to an agent", "Can I return it?",
    "I want a hand cream for a person with dry skin", "What agent removes the stain?", "does the speaker connect to a phone", "can someone sign for my parcel",
    "the operator of the site", "transfer my points to someone else", "Can I send it to a person abroad?", "How does live chat work on the phone?",
)  # fmt: skip


@pytest.mark.parametrize("phrase", ASKED)
def test_a_person_is_asked_for(phrase: str) -> None:
    assert asks_for_person(phrase)


@pytest.mark.parametrize("phrase", NOT_ASKED)
def test_no_person_is_asked_for(phrase: str) -> None:
    assert not asks_for_person(phrase)


@pytest.mark.parametrize(
    "phrase", ["你好", "您好！", "在吗？", "谢谢您", "好的", "Hi", "hello there!", "Thank you so much", "ok.", "嗯嗯"]
)
def test_who_is_polite_needs_no_person(phrase: str) -> None:
    assert is_courtesy(phrase)


@pytest.mark.parametrize(
    "phrase",
    ["你好，能退货吗", "hi, can I return it?", "好的耳机", "ok phones", "早餐机保修多久", "转人工", "no returns?"],
)
def test_a_question_is_more_than_polite(phrase: str) -> None:
    assert not is_courtesy(phrase)


def test_of_phrases_that_others_wrote_most_requests_are_heard_and_no_question_is_one() -> None:
    """Bitext's customers, whose data is not a part of this repository."""
    folder = Path(os.environ.get("KEFU_DATASETS") or Path(__file__).parents[4] / "shared" / "datasets") / "bitext2022"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here; set KEFU_DATASETS to the folder that holds bitext2022")
    with gzip.open(folder / "validation.csv.gz") as packed:
        rows = list(csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8")))
    asking = [row["utterance"] for row in rows if row["intent"] == "contact_human_agent"]
    others = [row["utterance"] for row in rows if row["intent"] != "contact_human_agent"]
    assert sum(map(asks_for_person, asking)) >= 0.85 * len(asking) > 0
    assert [phrase for phrase in others if asks_for_person(phrase)] == []
