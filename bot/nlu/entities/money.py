"""Amounts of money with their currency."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from bot.nlu.entities import numerals
from bot.nlu.entities.hits import Hit, Rank
from bot.nlu.entities.numerals import any_of
from bot.nlu.entities.traits import DIGIT, HAN, LATIN

_ISO = "USD EUR GBP CNY HKD JPY AUD CAD SGD TWD CHF INR"
CURRENCIES = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "CNY",
    "us$": "USD",
    "hk$": "HKD",
    "nt$": "TWD",
    **dict.fromkeys(("au$", "a$"), "AUD"),
    **dict.fromkeys(("ca$", "c$"), "CAD"),
    "s$": "SGD",
    "rmb": "CNY",
    **{code.lower(): code for code in _ISO.split()},
    **dict.fromkeys(("dollar", "dollars", "buck", "bucks", "cent", "cents"), "USD"),
    **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("pound", "pounds", "quid"), "GBP"),
    **dict.fromkeys(("yuan", "元", "块", "塊", "圆", "圓", "人民币", "人民幣"), "CNY"),
    **dict.fromkeys(("刀", "美元", "美金"), "USD"),
    **dict.fromkeys(("欧元", "歐元"), "EUR"),
    **dict.fromkeys(("英镑", "英鎊"), "GBP"),
    **dict.fromkeys(("港币", "港幣", "港元"), "HKD"),
    **dict.fromkeys(("日元", "日圆", "日圓"), "JPY"),
    **dict.fromkeys(("台币", "台幣"), "TWD"),
}
"""ISO 4217 codes of what people write; signs that several countries use mean the most likely one."""

_TIMES = {"k": 1000, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000}
_AMOUNT = (
    r"(?P<amount>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:\.[0-9]{3})+(?=,[0-9]{2}(?![0-9]))|[0-9]{1,9})"
    r"(?:[.,][0-9]{1,2})?)"
)
_NAMES = [name for name in CURRENCIES if name.isalpha()]
_CODES = any_of(name for name in _NAMES if name.isascii() and len(name) == 3)
_WORDS = any_of(name for name in _NAMES if name.isascii() and len(name) > 3)
_HAN_UNITS = any_of(name for name in _NAMES if not name.isascii())
_FIRST = re.compile(
    r"(?:(?P<unit>(?:(?<![A-Za-z])(?:US|HK|NT|AU|CA|A|C|S))?[$€£¥])"
    rf"|(?<![0-9A-Za-z])(?P<code>{_CODES})) ?{_AMOUNT}(?:(?P<times>k)(?![A-Za-z]))?(?![0-9])"
    rf"(?: ?(?P<after>{_CODES})(?![A-Za-z]))?",
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"(?<![0-9A-Za-z$€£¥])(?<![0-9][.,]){_AMOUNT}"
    rf"(?:(?P<times>k)? ?(?:(?P<unit>{_CODES}|{_WORDS})(?![A-Za-z])|(?P<code>[$€£¥])(?! ?[0-9]))"
    rf"|(?P<han_times>[万萬千百])? ?多?(?P<after>{_HAN_UNITS})"
    r"(?:(?P<tenths>[1-9])[毛角]?(?![0-9天个個月年小号號])|钱|錢)?)",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    rf"(?<![0-9A-Za-z])(?P<amount>(?:{any_of(numerals.ENGLISH)})(?: hundred)?)"
    rf" (?P<unit>{_WORDS})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_HAN = re.compile(
    rf"(?P<amount>[{numerals.HAN}]{{1,9}})多?"
    r"(?:(?P<unit>元|美元|美金|欧元|歐元|英镑|英鎊)|(?P<code>[块塊])(?P<named>[钱錢])?)"
)
# "two pounds" is rather a weight; "a cent" is never an amount.
_NOT_IN_WORDS = {"pound", "pounds", "cent"}


class MoneyFinder:
    """Finds amounts; `currencies` says what a sign or word means where the usual is not meant."""

    def __init__(self, currencies: Mapping[str, str]) -> None:
        """For example `{"$": "CAD", "¥": "JPY"}`; raises ValueError for what is no currency."""
        for name, code in currencies.items():
            if name not in CURRENCIES:
                raise ValueError(f"there is no currency sign or word {name}")
            if not re.fullmatch("[A-Z]{3}", code):
                raise ValueError(f"{code} is no currency code such as USD")
        self._currencies = {**CURRENCIES, **currencies}

    def find(self, text: str, traits: set[str]) -> Iterator[Hit]:
        """Every amount in a folded text: the value `12.50 USD`, amount and currency in the details."""
        for needs, pattern, read in _FORMS:
            for found in pattern.finditer(text) if needs in traits else ():
                unit = _unit(found)
                amount = read(found)
                if amount is None:
                    continue
                number = f"{amount / 100 if unit.startswith('cent') else amount:f}"
                currency = self._currencies[unit]
                details = {"amount": number, "currency": currency}
                value = f"{number} {currency}"
                yield Hit(found.start(), found.end(), Rank.MONEY, "money", value, details)


def _unit(found: re.Match[str]) -> str:
    """The currency as written; what stands behind the amount is more exact than what stands before."""
    groups = found.groupdict()
    return next(unit for name in ("after", "code", "unit") if (unit := groups.get(name))).lower()


def _digits(found: re.Match[str]) -> Decimal:
    # The last mark with one or two digits behind it is the decimal mark, whichever it is.
    whole, *part = re.split(r"[.,](?=[0-9]{1,2}$)", found["amount"])
    amount = Decimal(".".join([re.sub("[.,]", "", whole), *part]))
    groups = found.groupdict()
    amount *= _TIMES.get((groups["times"] or groups.get("han_times") or "").lower(), 1)
    tenths = groups.get("tenths")
    return amount + Decimal(tenths) / 10 if tenths else amount


def _english(found: re.Match[str]) -> Decimal | None:
    number = numerals.english(found["amount"])
    return None if number is None or _unit(found) in _NOT_IN_WORDS else Decimal(number)


def _han(found: re.Match[str]) -> Decimal | None:
    """两块 may be pieces of something, 两块钱 and 二十块 are money."""
    if found["code"] and len(found["amount"]) == 1 and not found["named"]:
        return None
    number = numerals.chinese(found["amount"])
    return None if number is None else Decimal(number)


_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Decimal | None]], ...] = (
    (DIGIT, _FIRST, _digits),
    (DIGIT, _LAST, _digits),
    (LATIN, _ENGLISH, _english),
    (HAN, _HAN, _han),
)
