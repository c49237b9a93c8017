"""A small catalogue in both languages, as the passages of a version."""

from kefu_retrieval.store.rows import Payload


def passage(
    document: str, title: str, text: str, tags: tuple[str, ...] = (), headings: tuple[str, ...] = ()
) -> Payload:
    """A chunk that says this."""
    return Payload(f"chunk of {document} {headings}", document, title, headings, text, "zh", tags, title)


SHOP = [
    passage(
        "p/list.csv#X200",
        "库果 X200 智能手机",
        "价格: ¥3,999\n电池容量: 5000mAh\n重量(g): 198\n充电接口: USB-C\n防水等级: IP68\n发货时间: 24小时内",
        ("手机",),
    ),
    passage("p/list.csv#A5", "库果 A5 手机", "价格: 1299元\n电池容量: 4500mAh\n发货时间: 3-7 天", ("手机",)),
    passage(
        "p/list.csv#C65",
        "库果 C65 充电器",
        "价格: 129\n功率: 65W\n适用机型: X200、X300 Pro\n发货时间: 48小时内",
        ("数码 > 充电器",),
    ),
    passage(
        "p/list.csv#C30",
        "库果 C30 充电器",
        "价格: 79\n功率: 30W\n适用机型: 所有手机(不支持 A3)\n发货时间: 3-7 天",
        ("充电器",),
    ),
    passage(
        "p/list.csv#C20",
        "C20 Charger",
        "price: 59 yuan\npower: 20W\ncompatible with: A5\nships within: 1 day",
        ("chargers",),
    ),
    passage("p/list.csv#K1", "A5 手机壳 透明款", "价格: 29\n适用机型: A5\n防水: 否\n颜色: 透明、白色", ("手机壳",)),
    passage(
        "p/list.csv#K2", "A5 防水手机壳", "价格: 59\n适用机型: A5\n描述: 硅胶材质，支持防水\n颜色: 黑色", ("手机壳",)
    ),
    passage(
        "p/list.csv#K3", "X200 手机壳", "价格: 49\n描述: 适用于 X200，防水防摔。不兼容 A5。\n颜色: 黑色", ("手机壳",)
    ),
    passage("p/list.csv#E1", "库果 Buds 2 耳塞", "价格: 299\n续航: 8 小时\n降噪: 支持", ("入耳式耳机",)),
    passage(
        "policies/returns.md",
        "退换货制度",
        "| 商品 | 无理由退货 | 条件 |\n|---|---|---|\n| 手机 | 可以 | 未激活 |\n"
        "| 入耳式耳机 | 拆封后不可以 | 直接接触皮肤，拆封影响卫生 |\n| 生鲜水果 | 不可以 | 坏果 |",
        headings=("退货条件",),
    ),
    passage(
        "pages/banks.md",
        "充电宝参数",
        "| 型号 | 容量 | 重量 | 价格 |\n|---|---|---|---|\n| P10 | 10000mAh | 220 g | 99 元 |\n| P20 | 20000mAh | 400 g | 159 元 |",
    ),
    passage("faq/warranty.zh", "耳机保修多久", "耳机保修 12 个月。"),
    passage("faq/hours.zh", "几点营业", "周一到周五: 9:30 到 18:00"),
]
