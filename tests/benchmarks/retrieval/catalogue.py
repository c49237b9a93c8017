"""A made-up catalogue in Chinese and English, and questions whose answers are known from how it was made."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

COLOURS = {"黑色": "black", "白色": "white", "蓝色": "blue", "红色": "red", "绿色": "green"}
KINDS = {"充电器": "charger", "手机壳": "phone case", "移动电源": "power bank", "入耳式耳机": "in-ear headphones"}
FLAGS = {
    "手机壳": ("防水", "waterproof"),
    "入耳式耳机": ("降噪", "noise cancelling"),
    "充电器": ("快充", "fast charging"),
}


@dataclass
class Ware:
    """A product as it was made; what is None was left out of its record."""

    sku: str
    kind: str
    price: int
    days: int
    colour: str
    weight: int
    power: int | None = None
    capacity: int | None = None
    flag: bool | None = None
    models: frozenset[str] = frozenset()
    every: bool = False
    """Fits every phone."""
    without: frozenset[str] = frozenset()

    def fits(self, model: str) -> bool:
        """Whether it fits a phone."""
        return model in self.models or (self.every and model not in self.without)


@dataclass(frozen=True)
class Asked:
    """A question, and the numbers of the products that answer it."""

    text: str
    gold: frozenset[str]


@dataclass
class Catalogue:
    """Files, phones and wares."""

    phones: list[str]
    wares: list[Ware] = field(default_factory=list)

    def files(self) -> dict[str, str]:
        """A CSV file in Chinese with phones and half of the wares, and JSON lines in English with the others."""
        out = io.StringIO()
        writer = csv.writer(out)
        names = ["编号", "名称", "分类", "价格", "发货时间", "颜色", "重量(g)", "功率", "容量", "适用机型", "描述"]
        writer.writerow(names)
        for number, phone in enumerate(self.phones):
            writer.writerow(
                [
                    f"PH{number}",
                    f"库果 {phone} 手机",
                    "手机",
                    f"{1000 + number} 元",
                    "24小时内",
                    "黑色",
                    190,
                    "",
                    "",
                    "",
                    "",
                ]
            )
        half = len(self.wares) // 2
        for ware in self.wares[:half]:
            writer.writerow(_chinese(ware))
        lines = "\n".join(json.dumps(_english(ware), ensure_ascii=False) for ware in self.wares[half:])
        return {"list.csv": out.getvalue(), "more.jsonl": lines}


def make(count: int, seed: int = 5) -> Catalogue:
    """So many wares, and a phone for every forty of them."""
    draw = random.Random(seed)  # noqa: S311
    phones = [
        f"{letter}{number}{tail}"
        for number in range(100, 100 + max(4, count // 160))
        for letter in "AX"
        for tail in ("", " Pro")
    ]
    made = Catalogue(phones)
    for number in range(count):
        kind = draw.choice(list(KINDS))
        ware = Ware(
            sku=f"{'CKPE'[list(KINDS).index(kind)]}{number:05}",
            kind=kind,
            price=draw.randrange(20, 400),
            days=draw.choice([1, 2, 3, 5, 7]),
            colour=draw.choice(list(COLOURS)),
            weight=draw.randrange(30, 600),
        )
        if kind in FLAGS:
            ware.flag = draw.choice([True, False, None])
        if kind == "充电器":
            ware.power = draw.choice([20, 30, 45, 65, 100])
        if kind == "移动电源":
            ware.capacity = draw.choice([5000, 10000, 20000, 30000])
        if kind in ("充电器", "手机壳"):
            ware.every = kind == "充电器" and draw.random() < 0.05
            ware.models = frozenset() if ware.every else frozenset(draw.sample(phones, draw.randrange(1, 4)))
            ware.without = frozenset(draw.sample(phones, 1)) if ware.every else frozenset()
        made.wares.append(ware)
    return made


def questions(catalogue: Catalogue, count: int, seed: int = 7) -> list[Asked]:
    """Questions of eight forms, half of them Chinese, of which each has one to twenty answers."""
    return list(islice(_questions(catalogue, random.Random(seed)), count))  # noqa: S311


def _questions(catalogue: Catalogue, draw: random.Random) -> Iterator[Asked]:
    forms: Sequence[Callable[[Catalogue, random.Random], Asked]] = (
        lambda c, d: _fit_and_flag(c, d, chinese=True),
        lambda c, d: _fit_and_flag(c, d, chinese=False),
        lambda c, d: _fit_and_days(c, d, chinese=True),
        lambda c, d: _fit_and_days(c, d, chinese=False),
        lambda c, d: _fit_and_price(c, d, chinese=True),
        lambda c, d: _fit_and_price(c, d, chinese=False),
        lambda c, d: _bank(c, d, chinese=True),
        lambda c, d: _bank(c, d, chinese=False),
    )
    number = 0
    while True:
        asked = forms[number % len(forms)](catalogue, draw)
        if 1 <= len(asked.gold) <= 20:
            number += 1
            yield asked


def _gold(catalogue: Catalogue, holds: Callable[[Ware], bool]) -> frozenset[str]:
    return frozenset(ware.sku for ware in catalogue.wares if holds(ware))


def _fit_and_flag(catalogue: Catalogue, draw: random.Random, *, chinese: bool) -> Asked:
    kind, model = draw.choice(["充电器", "手机壳"]), draw.choice(catalogue.phones)
    flag = FLAGS[kind]
    text = (
        f"哪款{kind}适合 {model} 并且支持{flag[0]}"
        if chinese
        else f"is there a {flag[1]} {KINDS[kind]} for the {model}?"
    )
    return Asked(text, _gold(catalogue, lambda w: w.kind == kind and w.flag is True and w.fits(model)))


def _fit_and_days(catalogue: Catalogue, draw: random.Random, *, chinese: bool) -> Asked:
    kind, model, days = draw.choice(["充电器", "手机壳"]), draw.choice(catalogue.phones), draw.choice([1, 2, 3])
    text = (
        f"{days} 天内能发货的{kind}有哪些，要兼容 {model}"
        if chinese
        else f"which of these {KINDS[kind]}s fits the {model} and ships within {days} days"
    )
    return Asked(text, _gold(catalogue, lambda w: w.kind == kind and w.days <= days and w.fits(model)))


def _fit_and_price(catalogue: Catalogue, draw: random.Random, *, chinese: bool) -> Asked:
    kind, model, price = draw.choice(["充电器", "手机壳"]), draw.choice(catalogue.phones), draw.randrange(60, 300, 10)
    colour = draw.choice(list(COLOURS))
    text = (
        f"有没有 {price} 元以下、能给 {model} 用的{colour}{kind}"
        if chinese
        else f"any {KINDS[kind]} under {price} yuan that works with the {model}?"
    )
    return Asked(
        text,
        _gold(
            catalogue,
            lambda w: w.kind == kind and w.price <= price and w.fits(model) and (not chinese or w.colour == colour),
        ),
    )


def _bank(catalogue: Catalogue, draw: random.Random, *, chinese: bool) -> Asked:
    capacity, weight = draw.choice([10000, 20000]), draw.randrange(40, 120, 5)
    text = (
        f"{capacity}mAh 以上、不到 {weight} 克的充电宝有吗"
        if chinese
        else f"do you have a power bank of at least {capacity} mAh that weighs less than {weight} g"
    )
    return Asked(
        text,
        _gold(
            catalogue,
            lambda w: w.kind == "移动电源" and (w.capacity or 0) >= capacity and w.weight <= weight,
        ),
    )


def _chinese(ware: Ware) -> list[object]:
    flag = FLAGS.get(ware.kind, ("",))[0]
    said = "" if ware.flag is None else f"{'支持' if ware.flag else '不支持'}{flag}"
    fits = f"所有手机(不支持 {'、'.join(sorted(ware.without))})" if ware.every else "、".join(sorted(ware.models))
    return [
        ware.sku,
        f"库果 {ware.sku} {ware.kind}",
        f"数码 > {ware.kind}",
        f"{ware.price} 元",
        f"{ware.days} 天内" if ware.days > 1 else "24 小时内",
        ware.colour,
        ware.weight,
        f"{ware.power}W" if ware.power else "",
        f"{ware.capacity}mAh" if ware.capacity else "",
        fits,
        said,
    ]


def _english(ware: Ware) -> dict[str, object]:
    made: dict[str, object] = {
        "sku": ware.sku,
        "title": f"Kuguo {ware.sku} {KINDS[ware.kind]}",
        "type": KINDS[ware.kind],
        "price": f"¥{ware.price}.00",
        "ships within": f"{ware.days} days" if ware.days > 1 else "1 day",
        "color": ware.colour,
        "weight": f"{ware.weight / 1000} kg",
    }
    if ware.power:
        made["specs"] = {"power": f"{ware.power} W"}
    if ware.capacity:
        made["capacity"] = f"{ware.capacity:,} mAh"
    if ware.flag is not None:
        made[FLAGS[ware.kind][1]] = "yes" if ware.flag else "no"
    if ware.every:
        made["compatible with"] = f"all phones except {' and '.join(sorted(ware.without))}"
    elif ware.models:
        made["compatible with"] = ", ".join(sorted(ware.models))
    return made
