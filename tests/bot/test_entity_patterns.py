"""The entity patterns of the shipped data: what is found in what customers write, and what is not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.bot.entity_data import (
    annotations,
    blocks,
    found,
    plain,
    shipped,
    training_lines,
)

ENTITIES = {
    "order_number",
    "invoice_number",
    "ticket_number",
    "email",
    "phone",
    "money",
    "date",
    "reference",
    "priority",
    "product",
    "account_type",
}

Hit = tuple[str, str]
FINDER = shipped()


def extract(text: str) -> list[Hit]:
    """Every hit as entity and the text it stands for."""
    return [(one["entity"], one["text"]) for one in found(FINDER, text)]


def order(value: str) -> list[Hit]:
    """The expectation of exactly one order number."""
    return [("order_number", value)]


# Each text with everything that may be found in it: a missing hit and a stray one both fail.
FOUND: list[tuple[str, list[Hit]]] = [
    # order numbers
    ("10023", order("10023")),
    ("where is order #10023?", order("#10023")),
    ("FD-10023 hasnt come", order("FD-10023")),
    ("fd10023", order("fd10023")),
    ("fd 10023 pls", order("fd 10023")),
    ("No.10023", order("No.10023")),
    ("order no. 100234", order("no. 100234")),
    ("order number 10023", order("10023")),
    ("order10023", order("10023")),
    ("order-10023", order("10023")),
    ("order#10023", order("#10023")),
    ("It's 10023.", order("10023")),
    ("it's order:10023", order("10023")),
    ("订单10023到哪了", order("10023")),
    ("订单号是10023，帮我查下", order("10023")),
    ("我的order#10023到哪了", order("#10023")),
    ("10023号订单", order("10023")),
    ("send me the invoice for 10023", order("10023")),
    ("invoice 10023 please", order("10023")),
    ("open a ticket for order 10023", order("10023")),
    ("can't find 10023", order("10023")),
    ("in case 10023 is late", order("10023")),
    ("piano 10023", order("10023")),
    ("10023 10031", [*order("10023"), *order("10031")]),
    ("10023,10031", [*order("10023"), *order("10031")]),
    ("10023和10031", [*order("10023"), *order("10031")]),
    ("10023/10031", [*order("10023"), *order("10031")]),
    ("10023 $20 refund", [*order("10023"), ("money", "$20")]),
    # invoices
    ("INV-2041", [("invoice_number", "INV-2041")]),
    ("send inv2041 again", [("invoice_number", "inv2041")]),
    ("INV 2041", [("invoice_number", "INV 2041")]),
    ("inv 10023", [("invoice_number", "inv 10023")]),
    ("INV-10023", [("invoice_number", "INV-10023")]),
    ("INV-20410023", [("invoice_number", "INV-20410023")]),
    ("invoice 2041", [("invoice_number", "invoice 2041")]),
    ("invoice number is 10023", [("invoice_number", "invoice number is 10023")]),
    ("invoice no. 20411", [("invoice_number", "invoice no. 20411")]),
    ("invoice #20411", [("invoice_number", "invoice #20411")]),
    ("invoice number INV-2041", [("invoice_number", "INV-2041")]),
    ("发票INV-2041发我", [("invoice_number", "INV-2041")]),
    ("发票号2041", [("invoice_number", "发票号2041")]),
    ("发票号码：20411", [("invoice_number", "发票号码：20411")]),
    # tickets
    ("T-000123", [("ticket_number", "T-000123")]),
    ("what about t000123?", [("ticket_number", "t000123")]),
    ("T000123进度", [("ticket_number", "T000123")]),
    ("T-10023", [("ticket_number", "T-10023")]),
    ("ticket T-000123", [("ticket_number", "T-000123")]),
    ("ticket 123", [("ticket_number", "ticket 123")]),
    ("my ticket #10023", [("ticket_number", "ticket #10023")]),
    ("ticket 10023", [("ticket_number", "ticket 10023")]),
    ("ticket number is 123456", [("ticket_number", "ticket number is 123456")]),
    ("case #4711", [("ticket_number", "case #4711")]),
    ("工单123", [("ticket_number", "工单123")]),
    ("工单号10023有进展吗", [("ticket_number", "工单号10023")]),
    ("我的工单号是 T-000123", [("ticket_number", "T-000123")]),
    ("工單編號：123", [("ticket_number", "工單編號：123")]),
    ("000123", [("ticket_number", "000123")]),
    # e-mail
    ("a@example.com", [("email", "a@example.com")]),
    ("Mail: A.Customer+shop@mail.example.org.", [("email", "A.Customer+shop@mail.example.org")]),
    ("邮箱a_1@example.com谢谢", [("email", "a_1@example.com")]),
    ("10023@example.com", [("email", "10023@example.com")]),
    ("10023.a@example.com", [("email", "10023.a@example.com")]),
    ("13000000000@example.com", [("email", "13000000000@example.com")]),
    ("T000123@example.net", [("email", "T000123@example.net")]),
    ("hat@example.com", [("email", "hat@example.com")]),
    ("10023 a@example.com", [*order("10023"), ("email", "a@example.com")]),
    # phone numbers
    ("+1 555 0100", [("phone", "+1 555 0100")]),
    ("+1-555-010-0199", [("phone", "+1-555-010-0199")]),
    ("+1 (555) 010-0199", [("phone", "+1 (555) 010-0199")]),
    ("(555) 010-0199", [("phone", "(555) 010-0199")]),
    ("555 010 0199", [("phone", "555 010 0199")]),
    ("call 555-0100", [("phone", "555-0100")]),
    ("5550100", [("phone", "5550100")]),
    ("+86 555 0123", [("phone", "+86 555 0123")]),
    ("13000000000", [("phone", "13000000000")]),
    ("手机号130 0000 0000", [("phone", "130 0000 0000")]),
    ("电话130-0000-0000打给我", [("phone", "130-0000-0000")]),
    ("+86 130 0000 0000", [("phone", "+86 130 0000 0000")]),
    ("8613000000000", [("phone", "8613000000000")]),
    ("座机010-55500100", [("phone", "010-55500100")]),
    ("+44 1632 960123", [("phone", "+44 1632 960123")]),
    ("01632 960123", [("phone", "01632 960123")]),
    ("+91 98765 43210", [("phone", "+91 98765 43210")]),
    ("0049 30 555123", [("phone", "0049 30 555123")]),
    ("10023 13000000000", [*order("10023"), ("phone", "13000000000")]),
    ("10023, +1 555 0100", [*order("10023"), ("phone", "+1 555 0100")]),
    ("10023 555-0100", [*order("10023"), ("phone", "555-0100")]),
    ("13000000000 10023", [("phone", "13000000000"), *order("10023")]),
    ("+1 555 010 0199 10023", [("phone", "+1 555 010 0199"), *order("10023")]),
    # money
    ("$12.50", [("money", "$12.50")]),
    ("$10023", [("money", "$10023")]),
    ("$ 10023", [("money", "$ 10023")]),
    ("US$20", [("money", "US$20")]),
    ("$20 USD", [("money", "$20 USD")]),
    ("12.50 EUR", [("money", "12.50 EUR")]),
    ("USD 10023", [("money", "USD 10023")]),
    ("RMB10023", [("money", "RMB10023")]),
    ("€1,299.00", [("money", "€1,299.00")]),
    ("20€", [("money", "20€")]),
    ("20 bucks", [("money", "20 bucks")]),
    ("twenty bucks", [("money", "twenty bucks")]),
    ("¥99", [("money", "¥99")]),
    ("￥99", [("money", "￥99")]),
    ("99元", [("money", "99元")]),
    ("退我99块", [("money", "99块")]),
    ("99块9", [("money", "99块9")]),
    ("10023元", [("money", "10023元")]),
    ("10023 块", [("money", "10023 块")]),
    ("12.50元", [("money", "12.50元")]),
    ("一百五十块", [("money", "一百五十块")]),
    ("五十元", [("money", "五十元")]),
    ("1000000元", [("money", "1000000元")]),
    # dates
    ("2026-11-22", [("date", "2026-11-22")]),
    ("2026/1/5", [("date", "2026/1/5")]),
    ("22/11/2026", [("date", "22/11/2026")]),
    ("22.11.2026", [("date", "22.11.2026")]),
    ("22-11-2026", [("date", "22-11-2026")]),
    ("20261122", [("date", "20261122")]),
    ("11/22", [("date", "11/22")]),
    ("Nov 22", [("date", "Nov 22")]),
    ("November 22nd, 2026", [("date", "November 22nd, 2026")]),
    ("22 Nov 2026", [("date", "22 Nov 2026")]),
    ("since the 3rd of May", [("date", "3rd of May")]),
    ("yesterday", [("date", "yesterday")]),
    ("the day before yesterday", [("date", "the day before yesterday")]),
    ("ordered last Monday", [("date", "last Monday")]),
    ("on sunday", [("date", "sunday")]),
    ("2 weeks ago", [("date", "2 weeks ago")]),
    ("11月22日", [("date", "11月22日")]),
    ("2026年11月22号", [("date", "2026年11月22号")]),
    ("十一月二十二号", [("date", "十一月二十二号")]),
    ("22号买的", [("date", "22号")]),
    ("昨天", [("date", "昨天")]),
    ("前天下的单", [("date", "前天")]),
    ("大前天", [("date", "大前天")]),
    ("上周一", [("date", "上周一")]),
    ("上個星期三", [("date", "上個星期三")]),
    ("周六开门吗", [("date", "周六")]),
    ("3天前", [("date", "3天前")]),
    ("两个月前", [("date", "两个月前")]),
    ("order 10023 from 2026-11-22", [*order("10023"), ("date", "2026-11-22")]),
    ("10023 2026-11-22", [*order("10023"), ("date", "2026-11-22")]),
    # references
    ("the other one", [("reference", "the other one")]),
    ("and the other one?", [("reference", "the other one")]),
    ("another one", [("reference", "another one")]),
    ("the first one", [("reference", "the first one")]),
    ("the last one pls", [("reference", "the last one")]),
    ("my latest order", [("reference", "my latest order")]),
    ("cancel my most recent order", [("reference", "my most recent order")]),
    ("the second", [("reference", "the second")]),
    ("另一个", [("reference", "另一个")]),
    ("另外一个呢", [("reference", "另外一个")]),
    ("另一單", [("reference", "另一單")]),
    ("第一个", [("reference", "第一个")]),
    ("第2单", [("reference", "第2单")]),
    ("最新的", [("reference", "最新的")]),
    ("最近那单到哪了", [("reference", "最近那单")]),
    ("最新的订单", [("reference", "最新的订单")]),
    ("上一个", [("reference", "上一个")]),
    ("最后一个", [("reference", "最后一个")]),
    ("还有一个呢", [("reference", "还有一个")]),
    # priorities
    ("low", [("priority", "low")]),
    ("High!", [("priority", "High")]),
    ("high priority please", [("priority", "high")]),
    ("set priority to low", [("priority", "low")]),
    ("this is urgent", [("priority", "urgent")]),
    ("not urgent", [("priority", "not urgent")]),
    ("I need it asap", [("priority", "asap")]),
    ("紧急", [("priority", "紧急")]),
    ("这个很紧急", [("priority", "很紧急")]),
    ("不紧急", [("priority", "不紧急")]),
    ("不急", [("priority", "不急")]),
    ("普通", [("priority", "普通")]),
    ("高", [("priority", "高")]),
    ("低。", [("priority", "低")]),
    ("优先级高", [("priority", "高")]),
    ("高优先级", [("priority", "高优先级")]),
    ("要高优先级", [("priority", "高")]),
    # products
    ("my headphones broke", [("product", "headphones")]),
    ("the desk lamp", [("product", "desk lamp")]),
    ("KETTLE", [("product", "KETTLE")]),
    ("a hat and two bags", [("product", "hat"), ("product", "bags")]),
    ("blue dress size m", [("product", "dress")]),
    ("tablet", [("product", "tablet")]),
    ("蓝牙耳机坏了", [("product", "蓝牙耳机")]),
    ("想买个水壶和台灯", [("product", "水壶"), ("product", "台灯")]),
    ("耳機沒聲音", [("product", "耳機")]),
    ("买了个手机", [("product", "手机")]),
    ("手机壳", [("product", "手机壳")]),
    # account types
    ("premium account", [("account_type", "premium account")]),
    ("switch me to the pro plan", [("account_type", "pro plan")]),
    ("upgrade to gold", [("account_type", "gold")]),
    ("from standard to premium", [("account_type", "standard"), ("account_type", "premium")]),
    ("platinum", [("account_type", "platinum")]),
    ("免费账户", [("account_type", "免费账户")]),
    ("换成专业版", [("account_type", "专业版")]),
    ("升级到白金", [("account_type", "白金")]),
    ("黄金会员", [("account_type", "黄金会员")]),
    ("高级", [("account_type", "高级")]),
    ("學生帳號", [("account_type", "學生帳號")]),
]

NOTHING = [
    "",
    "hello there",
    "你好",
    "1002",
    "4111 1111 1111 1111",
    "4111111111111111",
    "SF1234567890",
    "model WH-10023",
    "zip code 90210",
    "New York, NY 10001",
    "邮编200030",
    "验证码123456",
    "10023.50",
    "10023%",
    "abc10023",
    "10023abc",
    "https://shop.example.com/10023",
    "24/7",
    "5/5",
    "8/10",
    "192.168.1.1",
    "in case it breaks",
    "opened a ticket 3 days",
    "工单3天了",
    "a@b",
    "@someone",
    "the last time I tried",
    "the other day",
    "最新的优惠",
    "第一个问题",
    "以后天天",
    "一周一次",
    "一块买",
    "5号楼",
    "中山路22号",
    "high quality",
    "很高兴",
    "价格太高了",
    "normal people answer",
    "change my address",
    "comfortable",
    "what happened",
    "the company",
    "fantastic",
    "I have a problem with the product",
    "free shipping",
    "is it free",
    "none of your business",
    "标准快递",
    "免费吗",
    "高级客服",
    "手机号",
    "手机号码是多少",
    "helpdesk",
    "content",
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_finds_exactly(text: str, expected: list[Hit]) -> None:
    assert extract(text) == expected


@pytest.mark.parametrize("text", NOTHING)
def test_finds_nothing(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_holds_inside_chinese(text: str, expected: list[Hit]) -> None:
    """Words around a hit change nothing unless the hit must be the whole message."""
    wrapped = f"你好，{text}，谢谢"
    whole_message_only = text in {
        "000123", "the second", "最新的", "low", "High!", "普通", "高", "低。",
        "高优先级", "platinum", "高级",
    }  # fmt: skip
    if whole_message_only:
        assert extract(wrapped) != expected
    else:
        assert extract(wrapped) == expected


def test_hits_do_not_overlap_and_stand_where_they_say() -> None:
    """In the cases above and in every sentence the assistant is trained on."""
    texts = [text for text, _ in FOUND] + [plain(line) for line in training_lines()]
    assert len(texts) > 2_000
    for text in texts:
        hits = found(FINDER, text)
        assert all(text[one["start"] : one["end"]] == one["text"] for one in hits)
        assert all(one["end"] <= other["start"] for one, other in pairwise(hits)), text


def test_every_entity_is_annotated_twice_as_it_is_found() -> None:
    """As with RegexEntityExtractor, the patterns of an entity count only if an example annotates it."""
    annotated = [(hit, plain(line)) for line in training_lines() for hit in annotations(line)]
    for entity in ENTITIES:
        assert sum(name == entity for (name, _), _ in annotated) >= 2, entity
    for hit, text in annotated:
        assert hit in extract(text)


def test_every_entity_has_cases() -> None:
    assert {name for _, hits in FOUND for name, _ in hits} == ENTITIES
    named = {name for kind in ("regex", "lookup") for name, _ in blocks(kind)}
    assert named == ENTITIES - {"email", "phone", "money", "date"}


@pytest.mark.parametrize(("name", "lines"), list(blocks("lookup")))
def test_no_word_stands_twice_in_a_table(name: str, lines: list[str]) -> None:
    lowered = [line.lower() for line in lines]
    assert len(set(lowered)) == len(lowered), name


def test_every_alias_has_one_name() -> None:
    aliases = [line.lower() for _, lines in blocks("synonym") for line in lines]
    assert len(set(aliases)) == len(aliases) > 100


@pytest.mark.parametrize("noise", ["1 ", "a.", "a@", "第", "1-", "+1", "T", "[](", "优先级", "9"])
def test_survives_ten_thousand_characters(noise: str) -> None:
    """Long noise must neither hang a pattern nor hide what follows it."""
    text = (noise * 10_000)[:9_980] + " ， a@example.com"
    assert ("email", "a@example.com") in extract(text)
