"""Takes personal data that has a form out of customers' words; names and addresses have none and need a person."""

import re
from collections.abc import Callable
from itertools import cycle

_NOT_HAN = r"(?![\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])"
_URL = re.compile(r"https?://[!-~]+|www\.[!-~]+", re.IGNORECASE)
_PART = rf"(?:{_NOT_HAN}[\w.%+-])+"
_EMAIL = re.compile(rf"(?:{_PART}@)+{_PART}(?<=\w)")
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z0-9_]{2,}")
_GROUPS = re.compile(
    r"(?<![\w.])\+?\(?\d{1,4}\)?(?:[ ./-]{1,2}\(?\d{2,4}\)?){1,6}(?!\w)", re.ASCII
)
# Not into what was put in place of an address.
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-_/.](?!customer@|https:)[A-Za-z0-9]+)*")
_DATE = re.compile(r"(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)\d\d")
_PHONE_DIGITS = 7
_LONG_NUMBER = 5
_LONG_CODE = 12


def without_personal_data(text: str) -> str:
    """Return the text with addresses, handles and long numbers replaced by plain ones of the same form.

    Doing it again changes nothing.
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _phone(found: re.Match[str]) -> str:
    is_short = sum(c.isdigit() for c in found[0]) < _PHONE_DIGITS
    return found[0] if is_short or _DATE.fullmatch(found[0]) else "+1 555 0100"


def _number(found: re.Match[str]) -> str:
    token = found[0]
    digits = sum(c.isdigit() for c in token)
    if digits < _LONG_NUMBER or _DATE.fullmatch(token):
        return token
    if len(token) >= _LONG_CODE and digits < len(re.sub(r"[-_/.]", "", token)):
        return "ABC12345"  # letters of an IBAN or a hash tell as much as its digits
    counting = cycle("1234567890")
    return "".join(next(counting) if c.isdigit() else c for c in token)


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_URL, "https://example.com"),
    (_EMAIL, "customer@example.com"),
    (_HANDLE, "@customer"),
    (_GROUPS, _phone),
    (_TOKEN, _number),
)
