"""E-mail addresses and phone numbers, compared as people mean them."""

import re
import unicodedata
from dataclasses import dataclass

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+")
_PHONE = re.compile(r"(\+|00)?[\d\s().\-/]+")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15

# ITU-T E.164: the calling codes of one and two digits; every other one has three.
_SHORT_CODES = frozenset(
    [
        "1",
        "7",
        "20",
        "27",
        "30",
        "31",
        "32",
        "33",
        "34",
        "36",
        "39",
        "40",
        "41",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "56",
        "57",
        "58",
        "60",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "81",
        "82",
        "84",
        "86",
        "90",
        "91",
        "92",
        "93",
        "94",
        "95",
        "98",
    ]
)


@dataclass(frozen=True)
class Phone:
    """The digits of a number, without the zeros in front; ``international`` when it came with + or 00."""

    digits: str
    international: bool


def normalise_email(text: str) -> str | None:
    """Return an address in lower case without what surrounds it, or None when it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    plain = plain.removeprefix("mailto:").strip(" <>()[]\"'.,;。，；")
    return plain if len(plain) <= 254 and _EMAIL.fullmatch(plain) else None


def parse_phone(text: str) -> Phone | None:
    """Return the digits of a phone number, or None when it is none: 7 to 15 digits and the usual signs."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold().removeprefix("tel:").strip()
    found = _PHONE.fullmatch(plain) if len(plain) <= 40 else None
    if found is None:
        return None
    digits = re.sub(r"\D", "", plain.replace("(0)", "")).lstrip("0")
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or not digits.isascii():
        return None
    return Phone(digits, international=found.group(1) is not None)


def same_phone(one: str, other: str) -> bool:
    """Say whether two spellings are one number; a country code may be missing from one of them."""
    first, second = parse_phone(one), parse_phone(other)
    if first is None or second is None:
        return False
    if first.digits == second.digits:
        return True
    short, long = sorted((first, second), key=lambda phone: len(phone.digits))
    if short.international or not long.digits.endswith(short.digits):
        return False
    return _is_calling_code(long.digits.removesuffix(short.digits))


def proves(proof: str, *, emails: tuple[str | None, ...], phones: tuple[str | None, ...]) -> bool:
    """Say whether ``proof`` is one of the e-mail addresses or phone numbers."""
    email = normalise_email(proof)
    if email is not None:
        return any(known is not None and normalise_email(known) == email for known in emails)
    return any(known is not None and same_phone(proof, known) for known in phones)


def _is_calling_code(digits: str) -> bool:
    code = digits.rstrip("0") if len(digits) > 3 else digits
    if code in _SHORT_CODES:
        return True
    return len(code) == 3 and code[0] not in "17" and code[:2] not in _SHORT_CODES
