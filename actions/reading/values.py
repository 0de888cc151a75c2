"""Values out of a message: numbers, proofs, addresses, priorities; corrections win."""

import re

from actions.heard import Entity, Heard
from desk.commerce.numbers import normalise_invoice_number, normalise_order_number
from desk.commerce.proof import normalise_email, parse_phone

_NOT_THIS = re.compile(
    r"(?:\bnot|\bisn'?t|\bwasn'?t|\binstead of|\brather than|\bwrong(?: one)?:?|不是|并非|並非"
    r"|而非|别用|不要)"
    r"\s*(?:the |my |order |number |订单号?|訂單|单号|#)*\s*$",
    re.IGNORECASE,
)
_NOT_THIS_AFTER = re.compile(
    r"^\s*(?:is|was|are)?\s*(?:wrong|不对|不對|错了|錯了|是错的)", re.IGNORECASE
)
_LEAD = re.compile(r"^\D*")
_LOOSE_PHONE = re.compile(r"\+?\d[\d\s().\-/]{5,18}\d")
_LOOSE_EMAIL = re.compile(r"[^\s@，。,;；：:]+@[^\s@，。,;；]+\.[A-Za-z]{2,}")

_ADDRESS_EN = re.compile(
    r"\b(?:address|deliver(?:ed|y)?|ship(?:ped|ping)?|send|sent)\b.{0,60}?\b(?:to|is)\b[:\s]+"
    r"(?P<address>(?=[^?]*\d)(?!order\b)[^?\n]*[A-Za-z]{3}[^?\n]*)$",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS_ZH = re.compile(
    r"(?:改成|改到|改为|改為|换成|換成|换到|寄到|送到|发到|發到|地址是)[:：\s]*(?P<address>.{5,})$"
)
_PLACE_ZH = re.compile(r"[省市区區县縣镇鎮乡鄉村路街道巷弄号號楼樓栋棟室苑园園厦廈座]")
_ADDRESS_LEAD = re.compile(
    r"^\W*(?:it'?s|its|the |my |new |address |is |should be |to |please |change it to |use "
    r"|地址|新地址|是|改成|改到|寄到|送到|[:：,，]|\s)+",
    re.IGNORECASE,
)

_PRIORITIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "low",
        re.compile(
            r"\bnot\b.{0,20}\burgent|isn'?t .{0,10}urgent|no (?:rush|hurry)|\blow(?:est)?\b"
            r"|whenever"
            r"|不(?:是|算)?(?:很|太|那么|怎么|特别)?(?:紧急|緊急|着急|著急|急)|最?低",
            re.IGNORECASE,
        ),
    ),
    (
        "urgent",
        re.compile(
            r"\burgent|\ba\.?s\.?a\.?p|right away|emergency|critical|immediately|紧急|緊急|加急"
            r"|特急|急|尽快|盡快|马上",
            re.IGNORECASE,
        ),
    ),
    ("high", re.compile(r"\bhigh(?:est)?\b|\btop\b|important|最?高|重要", re.IGNORECASE)),
    (
        "normal",
        re.compile(
            r"\bnormal\b|\bmedium\b|\bregular\b|\baverage\b|普通|一般|正常|中", re.IGNORECASE
        ),
    ),
)


def _standing(heard: Heard, *names: str) -> list[Entity]:
    """Return the entities that are not taken back by "not 10023" or "10023 is wrong"."""
    return [
        entity
        for entity in heard.entities
        if entity.name in names
        and not _NOT_THIS.search(heard.text[: entity.start])
        and not (entity.end and _NOT_THIS_AFTER.match(heard.text[entity.end :]))
    ]


def order_number(heard: Heard) -> str | None:
    """Return the order or invoice number in our spelling; of several the last one that stands."""
    for entity in reversed(_standing(heard, "order_number", "invoice_number")):
        if entity.name == "invoice_number":
            # Words between, as in 发票号是2031, are more than the shop's own spelling takes.
            number = normalise_invoice_number(_LEAD.sub("", entity.value))
        else:
            number = normalise_order_number(entity.value)
        if number is not None:
            return number
    return None


def bare_number(heard: Heard) -> str | None:
    """Return a number that is the whole message, when a number was asked for."""
    if parse_phone(heard.text) is not None:
        return None
    number = normalise_order_number(heard.text)
    return number if number is not None and 3 <= len(number) <= 12 else None


def contact(heard: Heard, *, loosely: bool = False) -> str | None:
    """Return an e-mail address or phone number; ``loosely`` also one that only looks like it."""
    for entity in reversed(_standing(heard, "email", "phone")):
        if entity.name == "email":
            found = normalise_email(entity.value)
        else:
            found = entity.value.strip() if parse_phone(entity.value) else None
        if found is not None:
            return found
    if not loosely:
        return None
    email = _LOOSE_EMAIL.search(heard.text)
    if email and (found := normalise_email(email.group())):
        return found
    phone = _LOOSE_PHONE.search(heard.text)
    return phone.group().strip() if phone and parse_phone(phone.group()) else None


def address_inside(text: str) -> str | None:
    """Return the address of "change the address to 5 Lake Road, Springfield"."""
    found = _ADDRESS_EN.search(text) or _ADDRESS_ZH.search(text)
    return address(found["address"]) if found else None


def address(text: str) -> str | None:
    """Return an address without "it's" or "改成" in front, or None when it cannot be one."""
    plain = _ADDRESS_LEAD.sub("", text.strip()).strip(" .,。，")
    if _PLACE_ZH.search(plain) and len(plain) >= 5:
        return plain
    words = re.findall(r"[^\W\d_]{2,}", plain)
    return plain if len(plain) >= 8 and len(words) >= 2 and re.search(r"\d", plain) else None


def priority(heard: Heard, *, loosely: bool = False) -> str | None:
    """Return ``low``, ``normal``, ``high`` or ``urgent``; ``loosely`` from the text too."""
    words = " ".join(heard.values("priority")) or (heard.text if loosely else "")
    return next((name for name, pattern in _PRIORITIES if pattern.search(words)), None)


_CORRECTING = re.compile(
    r"\b(?:no|not|nope|sorry|oops|ups|my bad|mistake|typo|it'?s|its|it|is|was|the|my|a|an|order"
    r"|invoice|number|nr|i|mean|meant|actually"
    r"|wrong|but|should|be|correct|right|e-?mail|mail|phone|telephone|address|instead|of|that"
    r"|this|other|one|for|to|wait|hold on|and)\b"
    r"|不是|不对|不對|错了|錯了|写错|寫錯|打错|打錯|抱歉|对不起|對不起|不好意思|应该|應該"
    r"|订单号?|訂單號?|单号|發票|发票|号码?|號碼?|邮箱|郵箱|电话"
    r"|電話|手机|手機|等等|等下|而是|更正|改成|我|是|的|说|了|啊|哦|呢|那个|才",
    re.IGNORECASE,
)


def only_corrects(heard: Heard) -> bool:
    """Say whether nothing is left of a message without its entities and the words of a correction."""
    text = heard.text
    for entity in sorted(heard.entities, key=lambda entity: entity.start, reverse=True):
        text = text[: entity.start] + " " + text[entity.end :]
    return not re.sub(r"[\W\d_]+", "", _CORRECTING.sub(" ", text))
