"""What the demo shop is made of. People are handles, addresses and numbers are reserved for examples."""

from typing import Any

CURRENCY = "USD"
_SHIPPING_CENTS, _FREE_FROM_CENTS = 490, 5_000

type Row = dict[str, Any]

# fmt: off
HANDLES = (
    "maple", "otter", "lantern", "juniper", "pebble", "heron", "willow",
    "comet", "saffron", "tundra", "clover", "harbor", "quartz", "finch",
    "meadow", "cinder", "poppy", "delta", "walnut", "breeze", "sparrow",
    "coral", "thistle", "ember", "lagoon",
)
# fmt: on
"""Customers who write English."""

HANDLES_ZH = (
    ("qingcha", "清茶"),
    ("xiaoyu", "小雨"),
    ("baiyun", "白云"),
    ("songguo", "松果"),
    ("mutong", "木桐"),
    ("haitang", "海棠"),
    ("nanfeng", "南风"),
    ("xingguang", "星光"),
    ("yinxing", "银杏"),
    ("lanhua", "兰花"),
    ("xiaohe", "小河"),
    ("banxia", "半夏"),
    ("yueliang", "月亮"),
)
"""Customers who write Chinese: handle and name."""

STREETS = (
    "Example Street",
    "Sample Avenue",
    "Harbor Lane",
    "Orchard Road",
    "Mill Lane",
    "Station Road",
)
CITIES = ("Springfield", "Riverton", "Fairview", "Lakeside", "Greenville")
CITIES_ZH = (
    "上海市示例区样板路",
    "北京市示例区花园路",
    "杭州市示例区湖滨路",
    "广州市示例区江边路",
    "成都市示例区银杏路",
)

PRODUCTS = (
    ("TEA-101", "Glass teapot 600 ml", "玻璃茶壶 600 毫升", 3490),
    ("TEA-102", "Double-walled cup, set of 2", "双层玻璃杯（2 只装）", 1890),
    ("TEA-103", "Bamboo tea tray", "竹制茶盘", 2990),
    ("TEA-104", "Travel tea set", "旅行茶具套装", 4590),
    ("TEA-105", "Jasmine green tea 100 g", "茉莉绿茶 100 克", 1290),
    ("TEA-106", "Aged white tea 200 g", "陈年白茶 200 克", 2790),
    ("TEA-107", "Electric kettle 0.8 l", "电热水壶 0.8 升", 5490),
    ("LGT-201", "Paper lantern lamp", "纸灯笼台灯", 3990),
    ("LGT-202", "Desk lamp with dimmer", "可调光台灯", 4990),
    ("LGT-203", "Bedside night light", "床头小夜灯", 1990),
    ("LGT-204", "LED string lights 10 m", "LED 灯串 10 米", 1590),
    ("LGT-205", "Solar garden lantern", "太阳能庭院灯", 2590),
    ("LGT-206", "Floor lamp, oak", "橡木落地灯", 12900),
    ("HOM-301", "Linen cushion cover", "亚麻抱枕套", 1690),
    ("HOM-302", "Wool throw 130 x 170 cm", "羊毛盖毯 130 x 170 厘米", 6990),
    ("HOM-303", "Ceramic vase", "陶瓷花瓶", 2890),
    ("HOM-304", "Scented candle, cedar", "雪松香薰蜡烛", 1790),
    ("HOM-305", "Storage basket", "收纳篮", 2190),
    ("HOM-306", "Wall clock, silent", "静音挂钟", 3290),
    ("HOM-307", "Cotton bath towel, set of 3", "纯棉浴巾（3 条装）", 3890),
    ("KIT-401", "Bamboo cutting board", "竹制砧板", 2290),
    ("KIT-402", "Cast-iron pan 24 cm", "铸铁平底锅 24 厘米", 4290),
    ("KIT-403", "Rice bowl, set of 4", "饭碗（4 只装）", 2490),
    ("KIT-404", "Chopsticks, set of 5", "筷子（5 双装）", 1190),
    ("OFF-501", "Desk organiser", "桌面收纳盒", 2690),
)
"""Stock-keeping unit, name in English and Chinese, price in cents."""

CARRIERS = ("UPS", "DHL", "FedEx")
CARRIERS_ZH = ("顺丰速运", "中通快递", "DHL")

REFUND_REASONS = (
    "Arrived damaged",
    "Wrong colour",
    "Changed my mind",
    "颜色与图片不符",
    "收到时有破损",
)


SOLD_OUT = frozenset({"LGT-205", "HOM-302"})
FEW_LEFT = {"TEA-104": 3, "HOM-306": 2}
_PLENTY = 40
_CATEGORIES = {
    "TEA": "tea",
    "LGT": "lighting",
    "HOM": "home",
    "KIT": "kitchen",
    "OFF": "office",
}
"""By the beginning of a stock-keeping unit."""


def product_row(sku: str, name_en: str, name_zh: str, price_cents: int) -> Row:
    """Return a product as the importer takes it."""
    return {
        "in_stock": 0 if sku in SOLD_OUT else FEW_LEFT.get(sku, _PLENTY),
        "sku": sku,
        "name_en": name_en,
        "name_zh": name_zh,
        "price_cents": price_cents,
        "currency": CURRENCY,
        "category": _CATEGORIES[sku[:3]],
    }


def total_cents(lines: list[Row]) -> int:
    """Return what the lines of an order cost, shipping included."""
    goods = sum(int(line["price_cents"]) * int(line["quantity"]) for line in lines)
    return goods + shipping_cents(goods)


def shipping_cents(goods: int) -> int:
    """Return what it costs to send goods of a price."""
    return 0 if goods >= _FREE_FROM_CENTS else _SHIPPING_CENTS
