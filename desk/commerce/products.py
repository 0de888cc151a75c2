"""Which products a customer's words may mean."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from desk.commerce.model import Product

_WORD = re.compile(r"[a-z][a-z-]*[a-z]")
_HAN = re.compile(r"[㐀-鿿]+")
_SAYS_NO_PRODUCT = frozenset(
    [
        "the",
        "and",
        "any",
        "are",
        "can",
        "could",
        "did",
        "does",
        "for",
        "from",
        "get",
        "give",
        "got",
        "have",
        "has",
        "how",
        "its",
        "just",
        "like",
        "looking",
        "may",
        "me",
        "much",
        "my",
        "need",
        "new",
        "now",
        "one",
        "order",
        "ordering",
        "out",
        "please",
        "place",
        "price",
        "cost",
        "costs",
        "purchase",
        "sell",
        "some",
        "something",
        "stock",
        "stocks",
        "still",
        "tell",
        "than",
        "that",
        "them",
        "there",
        "these",
        "they",
        "this",
        "those",
        "want",
        "was",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
        "buy",
        "buying",
        "available",
        "left",
        "sold",
        "hello",
        "hey",
        "item",
        "items",
        "shop",
        "store",
        "product",
        "products",
        "online",
        "right",
        "many",
        "know",
        "about",
        "also",
        "think",
        "check",
    ]
)
_SAYS_NO_PRODUCT_ZH = re.compile(
    r"多少[钱錢]?|什么|什麼|价格|价钱|價格|几块|怎么|怎麼|有货|有貨|现货|缺货|库存|有没有|有沒有|没有|还有|還有|有卖|购买|下单|订购"
    r"|你们|你們|您们|请问|請問|想要|想|[一两兩二三四五六七八九十几][个個只把盏套件]|[这這那哪][个個款种些]?|店里|家里|可以|一下|现在|商品|东西|产品"
    r"|[有卖賣买買要的吗嗎嘛呢么麼了吧啊我您你没沒能是在和跟]"
)
_WHOLE, _BEGINNING = 2, 1
_MOST = 3


@dataclass(frozen=True, kw_only=True)
class Found:
    """Products, the best first; ``exact`` when they hold every word that was asked for."""

    products: tuple[Product, ...] = ()
    exact: bool = False


def terms(text: str) -> frozenset[str]:
    """Return what to look for: English words without a plural's s, pairs of Chinese characters."""
    words = {_singular(word) for word in _WORD.findall(text.lower()) if len(word) > 2}
    runs = [_stem(run) for run in _HAN.findall(_SAYS_NO_PRODUCT_ZH.sub(" ", text))]
    pairs = {run[n : n + 2] for run in runs for n in range(max(1, len(run) - 1))}
    return frozenset(words - _SAYS_NO_PRODUCT | pairs)


def best(products: Iterable[Product], wanted: frozenset[str]) -> Found:
    """Return the products that hold most of the terms."""
    scored = [(sum(_hit(product, term) for term in wanted), product) for product in products]
    top = max((score for score, _ in scored), default=0)
    if top == 0:
        return Found()
    chosen = tuple(product for score, product in scored if score == top)[:_MOST]
    return Found(products=chosen, exact=all(_hit(chosen[0], term) for term in wanted))


def _hit(product: Product, term: str) -> int:
    if _HAN.match(term):
        return _WHOLE if term in product.name_zh else 0
    names = [_singular(word) for word in _WORD.findall(product.name_en.lower())]
    if term in names:
        return _WHOLE
    return _BEGINNING if any(len(term) > 3 and name.startswith(term) for name in names) else 0


def _stem(run: str) -> str:
    return run.removesuffix("子") if len(run) == 2 else run


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
