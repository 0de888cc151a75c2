"""What looks like a number of ours and is none; a longer or equally long decoy takes the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.entities.hits import Hit, Rank
from bot.nlu.entities.traits import DIGIT, LATIN

_LED = r"(?: ?(?:code|number|no\.?|nr\.?|号码?|號碼?))?(?: ?(?:is|was|是|为|為))? ?[:：#]? ?"
_WORD = "(?<![a-z])"

_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_NEVER = re.compile(
    # A card or identity number: 14 to 19 digits, in groups or not.
    r"(?<![0-9])(?:[0-9]{4}[ -]?){3}[0-9]{2,7}(?:[Xx]|(?![0-9]))"
    r"|(?<![0-9])3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}(?![0-9])"
    r"|(?<![0-9/])(?:24/7|[0-5]/5|(?:10|[0-9])/10)(?![0-9/])"
    r"|(?<![0-9])(?:19|20)[0-9]{2}[ /-](?:19|20)[0-9]{2}(?![0-9])"
    rf"|(?:{_WORD}(?:zip|post ?code|postal code)|邮编|邮政编码|郵編|郵遞區號){_LED}[0-9]{{4,6}}(?:-[0-9]{{4}})?"
    rf"|(?:{_WORD}(?:verification|security|confirmation|access|one.time)(?= code)|{_WORD}otp"
    rf"|[验驗][证證]码|驗證碼){_LED}[0-9]{{4,8}}"
    # What follows these is named: "item number 10023" is no order, "item 10023" may be one.
    rf"|{_WORD}(?:serial|model|item|sku)(?= (?:number|no|nr|code|#)|: ){_LED}[0-9]{{5,20}}"
    rf"|(?:{_WORD}(?:tracking|parcel|waybill|awb)|(?:快[递遞]|[运運]|物流)[单單]){_LED}[0-9]{{8,20}}",
    re.IGNORECASE,
)
_STATE_ZIP = re.compile(r"(?<=, )[A-Z]{2} [0-9]{5}(?![0-9])")
_PERHAPS_NOT = re.compile(
    r"(?<![0-9A-Za-z])[0-9]{1,20}(?:[.-][0-9]{1,20}){1,8}"
    r"|(?<![0-9A-Za-z])[0-9]{1,20},[0-9]{1,2}(?![0-9])"
    r"|(?<![0-9A-Za-z])\+[1-9][0-9]{0,2}[ -]?[0-9]{1,20}"
)


_DECOYS = (
    (LATIN, _ADDRESS, Rank.NEVER),
    (DIGIT, _NEVER, Rank.NEVER),
    (DIGIT, _STATE_ZIP, Rank.NEVER),
    (DIGIT, _PERHAPS_NOT, Rank.PERHAPS_NOT),
)


def find(text: str, traits: set[str]) -> Iterator[Hit]:
    """Every decoy in a folded text."""
    for needs, pattern, rank in _DECOYS:
        for found in pattern.finditer(text) if needs in traits else ():
            yield Hit(found.start(), found.end(), rank)
