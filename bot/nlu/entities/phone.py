"""Phone numbers: own patterns say where one stands, `phonenumbers` says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, ValidationResult

from bot.nlu.entities.hits import Hit, Rank

# In this order: international; Chinese mobile; (area) local; leading 0; 3-3-4; 3-4; 4-4; one run of digits.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z@$€£¥_])(?<![A-Za-z][-#])(?<![$€£¥] )(?<![0-9][.-])"
    r"(?:(?:\+|00(?=[1-9]))[1-9](?:[ .()-]{0,3}[0-9]){6,14}"
    r"|(?:86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
    r"|\(0?[0-9]{2,4}\)[ -]?[0-9]{3,4}[ .-]?[0-9]{3,4}"
    r"|0[1-9](?:[ -]?[0-9]){6,10}"
    r"|(?:1[ .-])?(?:[0-9]{3}|\([0-9]{3}\))[ .-]?[0-9]{3}[ .-][0-9]{4}"
    r"|[0-9]{3}[ .-][0-9]{4}"
    r"|(?<!(?<![0-9])[0-9]{4}[ -])[0-9]{4}[ -][0-9]{4}(?![ -][0-9]{4}(?![0-9]))"
    r"|[0-9]{7,11})"
    r"(?![0-9A-Za-z@%])(?![.,/-][0-9])"
)
_LAST_GROUP = re.compile(r"[ .()-]+[0-9]+$")
_SHORTEST = 8
_POSSIBLE = {ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}
# A Chinese mobile number could also be one of the United States without its separators.
_CHINESE_MOBILE = re.compile(r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}")


class PhoneFinder:
    """Finds numbers; one without a country code is read as one of the regions, the first where it is valid."""

    def __init__(self, regions: Sequence[str]) -> None:
        """`regions` are ISO codes (`CN`, `US`); raises ValueError for one that does not exist."""
        unknown = sorted(set(regions) - phonenumbers.SUPPORTED_REGIONS)
        if unknown:
            raise ValueError(f"there is no phone region {', '.join(unknown)}")
        self._regions = tuple(regions)

    def find(self, text: str) -> Iterator[Hit]:
        """Every number in a folded text; the value is E.164 where that is certain, else as written."""
        for found in _PHONE.finditer(text):
            length, value, details = _read(found[0], self._regions)
            start = found.start()
            yield Hit(start, start + length, Rank.PHONE, "phone", value, details)


def _read(raw: str, regions: Sequence[str]) -> tuple[int, str, dict[str, Any]]:
    """How much of the text is the number, its value and what is known of it."""
    if raw.startswith(("+", "00")):
        return _international(raw)
    is_mobile = _CHINESE_MOBILE.fullmatch(raw) is not None
    for region in sorted(regions, key=lambda region: is_mobile and region != "CN"):
        number = _parse(raw, region)
        if number is not None and phonenumbers.is_valid_number(number):
            return len(raw), _e164(number), _details(number)
    return len(raw), raw, {"valid": False}


def _international(raw: str) -> tuple[int, str, dict[str, Any]]:
    """Groups that are too many belong to something else: "+1 555 010 0199 10023"."""
    kept = raw
    while len(kept) >= _SHORTEST:
        number = _parse(re.sub("^00", "+", kept.replace("(0)", "")), None)
        reason = number and phonenumbers.is_possible_number_with_reason(number)
        if number is not None and reason in _POSSIBLE:
            return len(kept), _e164(number), _details(number)
        shorter = _LAST_GROUP.sub("", kept)
        if reason != ValidationResult.TOO_LONG or shorter == kept:
            break
        kept = shorter
    return len(raw), raw, {"valid": False}


def _parse(raw: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(raw, region)
    except NumberParseException:
        return None


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _details(number: PhoneNumber) -> dict[str, Any]:
    """Whether it may be in use, and the country if the number says so."""
    country = phonenumbers.region_code_for_country_code(number.country_code)
    return {
        "valid": phonenumbers.is_valid_number(number),
        "country": phonenumbers.region_code_for_number(number) or country,
    }
