"""Questions for price or stock: what the words alone say; the shop's data says whether there is such a thing."""

import re

_ASKS = re.compile(
    r"\bhow much(?: (?:is|are|does|do|for|would)\b|\W*$)|\bprice\b|\bcosts?\b|\bin stock\b|\bsold out\b"
    r"|\b(?:do|does|did) (?:you|u|the shop|your shop)(?: guys| still| also)? (?:have|sell|carry|stock|got)\b"
    r"|\bhave you got\b|\bgot any\b|\bany\b.{1,30}\b(?:left|available)\b|\bavailable\b"
    r"|\blook(?:ing)? for (?:a|an|some)\b"
    r"|多少[钱錢]|什么价|价格|价钱|價格|怎么卖|怎麼賣|有[货貨]|现货|缺货|库存|还有.{0,10}[吗嗎]|有.{0,8}[卖賣]"
    r"|[卖賣].{0,10}[吗嗎]|有没有|有沒有|有.{1,8}[吗嗎]",
    re.IGNORECASE,
)
_ABOUT_AN_ORDER = re.compile(
    r"\border(?:ed|s)?\b|\brefund|\binvoice|\breturn|\bdeliver|\bshipping|\bcancel|\bvoucher|\bfee\b|\bbroken"
    r"|\bmissing|\bdiscount|\boffers?\b|\bcoupon|优惠|折|促销|\bbill|账单|邮|订单|訂單|退|发票|發票|运费|物流|取消|手续费|坏|破",
    re.IGNORECASE,
)
_NAMES_NONE = re.compile(
    r"^\W*(?:and |so )?(?:how much(?: is (?:it|this|that))?|prices?|(?:is|are) (?:it|this|that|they) in stock"
    r"|what(?:'?s| is) the price)\W*$"
    r"|^(?:请问|那|现在|还|这个|那个)*(?:有[货貨]|有?现货|多少[钱錢]|什么价格?|怎么卖)(?:一?个|没有|没|吗|嘛|呢|啊|呀)*\W*$",
    re.IGNORECASE,
)


def may_ask(text: str) -> bool:
    """Say whether the text asks what something costs or whether there is any; nothing about an order does."""
    return bool(_ASKS.search(text)) and not is_about_order(text)


def is_about_order(text: str) -> bool:
    """Say whether the text speaks of something already ordered."""
    return bool(_ABOUT_AN_ORDER.search(text))


def asks_which(text: str) -> bool:
    """Say whether the text is a bare question for price or stock: 有货吗."""
    return bool(_NAMES_NONE.search(text))
