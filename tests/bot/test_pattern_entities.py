"""Values, offsets and bounds of the entity finder, without Rasa."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Any

import pytest

from bot.nlu.entities import EntityFinder, Options, OptionsError, Tables, TablesError, numerals
from bot.nlu.entities.fold import fold, lower
from bot.nlu.entities.hits import Hit, Rank, standing
from bot.nlu.entities.tables import canonical
from tests.bot.entity_data import NOON, UTC, shipped

SHIPPED = shipped()
PLAIN = EntityFinder(Tables())


def values(
    text: str, finder: EntityFinder = SHIPPED, now: datetime = NOON
) -> list[tuple[str, str]]:
    return [(one["entity"], one["value"]) for one in finder.find(text, now)]


def only(text: str, finder: EntityFinder = PLAIN, now: datetime = NOON) -> dict[str, Any]:
    found = finder.find(text, now)
    assert len(found) == 1, found
    assert text[found[0]["start"] : found[0]["end"]] == found[0]["text"]
    return found[0]


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("where is FD-10023", "order_number", "10023"),
        ("order #10023 pls", "order_number", "10023"),
        ("No. 10023", "order_number", "10023"),
        ("订单号：１００２３", "order_number", "10023"),
        ("ＦＤ－１００２３到哪了", "order_number", "10023"),
        ("订单٣٢١٠٥", "order_number", "32105"),
        ("invoice number is 2041", "invoice_number", "INV-2041"),
        ("inv2041", "invoice_number", "INV-2041"),
        ("发票号码：２０４１", "invoice_number", "INV-2041"),
        ("ticket 123", "ticket_number", "T-000123"),
        ("t000123?", "ticket_number", "T-000123"),
        ("工单号１２３", "ticket_number", "T-000123"),
        ("A.Customer@Example.COM", "email", "a.customer@example.com"),
        ("邮箱：ａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "email", "a@example.com"),
        ("蓝牙耳机坏了", "product", "headphones"),
        ("my HEADSET broke", "product", "headphones"),
        ("two kettles", "product", "kettle"),
        ("Ｌａｐｔｏｐ", "product", "laptop"),
        ("upgrade to Premium", "account_type", "premium"),
        ("换成专业版", "account_type", "pro"),
        ("gold memberships", "account_type", "gold"),
    ],
)
def test_values(text: str, entity: str, value: str) -> None:
    found = only(text, SHIPPED)
    assert (found["entity"], found["value"]) == (entity, value)


@pytest.mark.parametrize(
    ("text", "value", "details"),
    [
        ("+1 202 555 0143", "+12025550143", {"valid": True, "country": "US"}),
        ("(202) 555-0143", "+12025550143", {"valid": True, "country": "US"}),
        ("1-202-555-0143", "+12025550143", {"valid": True, "country": "US"}),
        ("0044 20 7946 0958", "+442079460958", {"valid": True, "country": "GB"}),
        ("+44 (0)20 7946 0958", "+442079460958", {"valid": True, "country": "GB"}),
        ("手机１３０００００００００", "+8613000000000", {"valid": True, "country": "CN"}),
        ("86 130 0000 0000", "+8613000000000", {"valid": True, "country": "CN"}),
        ("+1 555 0100", "+15550100", {"valid": False, "country": "US"}),
        ("555-0100", "555-0100", {"valid": False}),
        ("+1 202 555 0143 10023", "+12025550143", {"valid": True, "country": "US"}),
    ],
)
def test_phones(text: str, value: str, details: dict[str, Any]) -> None:
    found = only(text)
    assert (found["entity"], found["value"]) == ("phone", value)
    assert found["additional_info"] == details


def test_numbers_without_a_country_code_belong_to_the_regions() -> None:
    british = EntityFinder(Tables(), Options(regions=("GB",)))
    assert only("020 7946 0958", british)["value"] == "+442079460958"
    assert only("020 7946 0958")["value"] == "+862079460958"


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$12.50", "12.50", "USD"),
        ("€1,299.00", "1299.00", "EUR"),
        ("1.299,00 €", "1299.00", "EUR"),
        ("12,5 EUR", "12.5", "EUR"),
        ("£9", "9", "GBP"),
        ("$20 CAD", "20", "CAD"),
        ("HK$88", "88", "HKD"),
        ("US$ 5k", "5000", "USD"),
        ("usd 20", "20", "USD"),
        ("20 bucks", "20", "USD"),
        ("50 cents", "0.5", "USD"),
        ("twenty euros", "20", "EUR"),
        ("two hundred dollars", "200", "USD"),
        ("９９元", "99", "CNY"),
        ("￥９９．９０", "99.90", "CNY"),
        ("99块9", "99.9", "CNY"),
        ("3万块", "30000", "CNY"),
        ("一百五十块", "150", "CNY"),
        ("一百五块", "150", "CNY"),
        ("两块钱", "2", "CNY"),
        ("三万五千元", "35000", "CNY"),
        ("20美元", "20", "USD"),
        ("五十欧元", "50", "EUR"),
    ],
)
def test_money(text: str, amount: str, currency: str) -> None:
    found = only(text)
    assert found["entity"] == "money"
    assert found["value"] == f"{amount} {currency}"
    assert found["additional_info"] == {"amount": amount, "currency": currency}


def test_a_shop_says_what_its_signs_mean() -> None:
    abroad = EntityFinder(Tables(), Options(currencies={"$": "AUD", "¥": "JPY"}))
    assert only("$5", abroad)["value"] == "5 AUD"
    assert only("￥500", abroad)["value"] == "500 JPY"


# Seen from Wednesday, 4 March 2026. Value, last day if more than one, grain.
DATES: list[tuple[str, str, str | None]] = [
    ("2026-11-22", "2026-11-22", None),
    ("2026/1/5", "2026-01-05", None),
    ("22/11/2026", "2026-11-22", None),
    ("11/22/2026", "2026-11-22", None),
    ("5/6/2026", "2026-05-06", None),
    ("5.6.2026", "2026-06-05", None),
    ("22.11.26", "2026-11-22", None),
    ("20261122", "2026-11-22", None),
    ("11/22", "2025-11-22", None),
    ("3/9", "2026-03-09", None),
    ("Nov 22nd, 2026", "2026-11-22", None),
    ("22 Nov", "2025-11-22", None),
    ("the 3rd of May", "2026-05-03", None),
    ("March 1", "2026-03-01", None),
    ("November 2026", "2026-11-01", "2026-11-30"),
    ("today", "2026-03-04", None),
    ("tonight", "2026-03-04", None),
    ("yesterday", "2026-03-03", None),
    ("last night", "2026-03-03", None),
    ("the day before yesterday", "2026-03-02", None),
    ("tommorow", "2026-03-05", None),
    ("the day after tomorrow", "2026-03-06", None),
    ("last Monday", "2026-03-02", None),
    ("last Wednesday", "2026-02-25", None),
    ("last fri", "2026-02-27", None),
    ("this Friday", "2026-03-06", None),
    ("next Friday", "2026-03-13", None),
    ("next Monday", "2026-03-09", None),
    ("Friday", "2026-03-06", None),
    ("since Friday", "2026-02-27", None),
    ("ordered on Monday", "2026-03-02", None),
    ("wednesday", "2026-03-04", None),
    ("it was sent Wednesday", "2026-02-25", None),
    ("last week", "2026-02-23", "2026-03-01"),
    ("this weekend", "2026-03-07", "2026-03-08"),
    ("next month", "2026-04-01", "2026-04-30"),
    ("last year", "2025-01-01", "2025-12-31"),
    ("3 days ago", "2026-03-01", None),
    ("two weeks ago", "2026-02-18", None),
    ("a month ago", "2026-02-04", None),
    ("14 hours ago", "2026-03-03", None),
    ("a few days ago", "2026-03-01", None),
    ("a couple of weeks ago", "2026-02-18", None),
    ("in 5 days", "2026-03-09", None),
    ("2 weeks from now", "2026-03-18", None),
    ("今天", "2026-03-04", None),
    ("明天", "2026-03-05", None),
    ("昨晚", "2026-03-03", None),
    ("今天下午", "2026-03-04", None),
    ("前天", "2026-03-02", None),
    ("大前天", "2026-03-01", None),
    ("后天", "2026-03-06", None),
    ("大后天", "2026-03-07", None),
    ("上周五", "2026-02-27", None),
    ("上個星期三", "2026-02-25", None),
    ("下周五", "2026-03-13", None),
    ("下下周一", "2026-03-16", None),
    ("这周日", "2026-03-08", None),
    ("周六", "2026-03-07", None),
    ("礼拜天", "2026-03-08", None),
    ("上周", "2026-02-23", "2026-03-01"),
    ("这周末", "2026-03-07", "2026-03-08"),
    ("3月5号", "2026-03-05", None),
    ("３月５号", "2026-03-05", None),
    ("11月22日", "2025-11-22", None),
    ("2026年11月22号", "2026-11-22", None),
    ("26年3月", "2026-03-01", "2026-03-31"),
    ("去年11月22日", "2025-11-22", None),
    ("十一月二十二号", "2025-11-22", None),
    ("3月初", "2026-03-01", "2026-03-10"),
    ("2月底", "2026-02-21", "2026-02-28"),
    ("22号", "2026-02-22", None),
    ("5号", "2026-03-05", None),
    ("上个月", "2026-02-01", "2026-02-28"),
    ("上个月5号", "2026-02-05", None),
    ("下个月底", "2026-04-21", "2026-04-30"),
    ("去年", "2025-01-01", "2025-12-31"),
    ("3天前", "2026-03-01", None),
    ("三天后", "2026-03-07", None),
    ("两个星期前", "2026-02-18", None),
    ("两个月前", "2026-01-04", None),
    ("半个月前", "2026-02-17", None),
    ("半年前", "2025-09-04", None),
    ("十二天之前", "2026-02-20", None),
    ("几天前", "2026-03-01", None),
    ("前两天", "2026-03-02", None),
]


@pytest.mark.parametrize(("text", "first", "last"), DATES)
def test_dates(text: str, first: str, last: str | None) -> None:
    found = only(text)
    assert found["entity"] == "date"
    assert (found["value"], found["additional_info"].get("until")) == (first, last)


@pytest.mark.parametrize("text", ["2026-02-30", "31/04/2026", "30 Feb", "2月30日", "前阵子"])
def test_a_day_that_does_not_exist_keeps_its_words(text: str) -> None:
    found = only(text)
    assert found["value"] == text
    assert "additional_info" not in found


@pytest.mark.parametrize(
    ("text", "now", "value"),
    [
        ("31 Jan", datetime(2026, 12, 30, tzinfo=UTC), "2027-01-31"),
        ("a month ago", datetime(2026, 3, 31, tzinfo=UTC), "2026-02-28"),
        ("29 Feb", datetime(2026, 3, 1, tzinfo=UTC), "29 Feb"),
        ("29 Feb", datetime(2027, 12, 1, tzinfo=UTC), "2028-02-29"),
        ("31号", datetime(2026, 3, 1, tzinfo=UTC), "2026-03-31"),
        ("tomorrow", datetime(9999, 12, 31, tzinfo=UTC), "tomorrow"),
        ("999 years ago", datetime(900, 1, 1, tzinfo=UTC), "999 years ago"),
    ],
)
def test_dates_at_the_edges_of_the_calendar(text: str, now: datetime, value: str) -> None:
    assert only(text, now=now)["value"] == value


def test_the_order_of_day_and_month_can_be_set() -> None:
    assert (
        only("5/6/2026", EntityFinder(Tables(), Options(date_order="DMY")))["value"]
        == "2026-06-05"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$20 for 10023 since yesterday", ["20 USD", "10023", "2026-03-03"]),
        ("😀 10023 👍🏽 a@example.com", ["10023", "a@example.com"]),
        ("طلبي 10023 لم يصل", ["10023"]),
        ("\u202bרוצה החזר על 10023\u202c", ["10023"]),
        ("10\u200b023", []),
        ("\x00\x0710023\x1b[31m", ["10023"]),
        ("10023\nINV-2041\r\n明天", ["10023", "INV-2041", "2026-03-05"]),
        ("İstanbul laptop 10023", ["laptop", "10023"]),
        ("注文10023はどこ？ノート", ["10023"]),
        ("\ud83d 10023", ["10023"]),
        ("call 10023@", []),
        ("tracking number 1234567890", []),
        ("https://shop.example.com/kettle/10023 laptop", ["laptop"]),
        ("my security code is 482913", []),
        ("10 FD-10023", ["10023"]),
    ],
)
def test_odd_texts_keep_their_offsets(text: str, expected: list[str]) -> None:
    found = SHIPPED.find(text, NOON)
    assert [one["value"] for one in found] == expected
    assert all(text[one["start"] : one["end"]] == one["text"] for one in found)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u200f", "😀", "👍🏽👍🏽", "…", "\ud800"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert SHIPPED.find(text, NOON) == []


def test_folding_changes_no_length() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert len(fold(everything)) == len(lower(everything)) == len(everything)
    assert fold("１２３ ٤٥ ＡＢ ａｂ ＠．－＋＃") == "123 45 AB ab @.-+#"
    assert fold("10023，99。") == "10023，99。"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("廿二", 22),
        ("两百", 200),
        ("一百五", 150),
        ("一百零五", 105),
        ("一千二百三十四", 1234),
        ("三万五", 35_000),
        ("三万五千", 35_000),
        ("十五万", 150_000),
        ("12", 12),
        ("几", None),
    ],
)
def test_chinese_numbers(words: str, number: int | None) -> None:
    assert numerals.chinese(words) == number


def test_the_longest_hit_stands_then_the_more_specific() -> None:
    def hit(start: int, end: int, rank: Rank, entity: str | None) -> Hit:
        return Hit(start, end, rank, entity)

    hits = [
        hit(0, 5, Rank.LOOKUP, "b"),
        hit(0, 5, Rank.LOOKUP, "a"),
        hit(4, 12, Rank.PHONE, "long"),
        hit(20, 25, Rank.PATTERN, "order"),
        hit(20, 25, Rank.NEVER, None),
        hit(30, 35, Rank.PERHAPS_NOT, None),
        hit(30, 35, Rank.PHONE, "phone"),
        hit(40, 40, Rank.PATTERN, "empty"),
    ]
    expected = ["long", "phone"]
    assert [one.entity for one in standing(hits)] == expected
    assert [one.entity for one in standing(reversed(hits))] == expected


def test_tables_find_whole_words_and_chinese_anywhere() -> None:
    finder = EntityFinder(
        Tables(
            lookups={
                "city": ["York", "New York", "北京", "Łódź"],
                "fruit": ["cherry", "peach", "YORK"],
            },
            synonyms=canonical({"NYC": "New York", "new york": "NYC!", "北京": "Beijing"}),
        )
    )
    cases = {
        "new york, york": [("city", "NYC!"), ("city", "York")],
        "yorkshire newyork york_1": [],
        "从北京市来": [("city", "Beijing")],
        "在york吃cherries和peaches": [("city", "York"), ("fruit", "cherry"), ("fruit", "peach")],
        "ŁÓDŹ łódźka": [("city", "Łódź")],
        "e-york york-based x@york york- -york": [("city", "York"), ("city", "York")],
        "-york": [("city", "York")],
        "k-york": [],
    }
    for text, expected in cases.items():
        assert values(text, finder) == expected


def test_without_word_boundaries_tables_find_parts_of_words() -> None:
    tables = Tables(lookups={"city": ["York"]})
    assert values("yorkshire", EntityFinder(tables, Options(word_boundaries=False))) == [
        ("city", "York")
    ]


def test_patterns_without_a_group_give_the_whole_hit() -> None:
    tables = Tables(
        patterns=[("plate", r"[A-Z]{2}-\d{3}"), ("nothing", "x*"), ("maybe", r"q(?P<value>\d)?")]
    )
    assert values("ab-123 q qq7", EntityFinder(tables)) == [
        ("plate", "ab-123"),
        ("maybe", "q"),
        ("maybe", "q"),
        ("maybe", "7"),
    ]
    assert values("ab-123", EntityFinder(tables, Options(case_sensitive=True))) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(kinds=("email", "iban")), "iban"),
        (Options(regions=("XX",)), "XX"),
        (Options(currencies={"$": "dollar"}), "dollar"),
        (Options(date_order="YMD"), "YMD"),
        (Options(templates={"order_number": "{0.__class__}{1}"}), "order_number"),
        (Options(templates={"order_number": "{"}), "order_number"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: Options, said: str) -> None:
    with pytest.raises(OptionsError, match=said):
        EntityFinder(Tables(), options)


def test_a_pattern_that_cannot_be_used_is_named() -> None:
    with pytest.raises(TablesError, match=r"regex plate: '\(a'"):
        EntityFinder(Tables(patterns=[("plate", "(a")]))


def test_kinds_can_be_left_out() -> None:
    finder = EntityFinder(Tables(), Options(kinds=("email",)))
    assert values("$5 tomorrow +1 202 555 0143 a@example.com", finder) == [
        ("email", "a@example.com")
    ]


NOISE = [
    *(
        "1",
        "1 ",
        "1-",
        "1.",
        "1,",
        "1,111",
        "+1",
        "a.",
        "a@",
        "a@a.",
        "@",
        "$1",
        "$1,",
        " ",
        "第",
        "一",
        "一月",
    ),
    *(
        "T",
        "FD-",
        "order",
        "last ",
        "in a ",
        "a few ",
        "上",
        "上周",
        "优先级",
        "http://",
        "zip ",
        "(0)",
        "+1 1 ",
    ),
]


@pytest.mark.parametrize("noise", NOISE)
def test_the_time_grows_with_the_length_and_no_faster(noise: str) -> None:
    """Four times the text costs about four times the time; squared, it would be sixteen."""
    short, long = _cost(noise, 5_000), _cost(noise, 20_000)
    assert long < 9 * max(short, 0.001)


def _cost(noise: str, length: int) -> float:
    """Seconds of the processor for a text of that length, at best."""
    text = (noise * length)[:length]
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        SHIPPED.find(text, NOON)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("noise", NOISE)
def test_long_noise_hides_nothing_behind_it(noise: str) -> None:
    text = (noise * 10_000)[:9_980] + " ， a@example.com"
    assert ("email", "a@example.com") in values(text)
