"""Fields that are cleaned: what cannot be true is left empty and counted, never guessed and never silent.

Validators read ``now`` from the validation's context and write what they left out into its ``cleaned``.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from desk.commerce.fields import Moment
from desk.imports import places

DEMOGRAPHICS = ("gender", "born", "country", "city")
_OLDEST = 120
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Programs that know no time write the beginning of 1970."""
_GENDERS = {
    "female": ("f", "female", "woman", "w", "mrs", "ms", "女", "女性", "女士"),
    "male": ("m", "male", "man", "mr", "男", "男性", "先生"),
    "other": ("x", "other", "diverse", "d", "divers", "non-binary", "nonbinary", "其他"),
}
_GENDER = {word: gender for gender, words in _GENDERS.items() for word in words}
_NO_PLACE = frozenset({"-", "--", "?", "n/a", "na", "none", "null", "unknown", "未知", "不详"})


def _note(info: ValidationInfo, what: str) -> None:
    cleaned = (info.context or {}).get("cleaned")
    if cleaned is not None:
        cleaned.append(what)


def _text(value: Any) -> str | None:
    text = " ".join(str(value).split()) if value is not None else ""
    return text or None


def _gender(value: Any, info: ValidationInfo) -> str | None:
    text = _text(value)
    found = _GENDER.get(text.casefold().rstrip(".")) if text else None
    if text and found is None:
        _note(info, "gender: unknown")
    return found


def _country(value: Any, info: ValidationInfo) -> str | None:
    text = _text(value)
    found = places.country(text) if text else None
    if text and found is None:
        _note(info, "country: unknown")
    return found


def _city(value: Any, info: ValidationInfo) -> str | None:
    text = _text(value)
    if text and (text.casefold() in _NO_PLACE or not any(c.isalpha() for c in text)):
        _note(info, "city: unknown")
        return None
    return text


def _born(value: Any, info: ValidationInfo) -> date | None:
    text = _text(value) if not isinstance(value, date) else value.isoformat()
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text.replace("/", "-")).date()
    except ValueError:
        _note(info, "born: impossible date")
        return None
    now: datetime | None = (info.context or {}).get("now")
    today = now.date() if now else datetime.now(UTC).date()
    if not today.year - _OLDEST <= day.year or day > today:
        _note(info, "born: impossible age")
        return None
    return day


def _happened(value: datetime, info: ValidationInfo) -> datetime:
    now: datetime | None = (info.context or {}).get("now")
    if value < EARLIEST:
        raise ValueError("a time before 1970-01-02 is not believed")
    if now is not None and value > now + timedelta(days=1):
        raise ValueError("a time in the future")
    return value


Gender = Annotated[str | None, BeforeValidator(_gender)]
Born = Annotated[date | None, BeforeValidator(_born)]
Country = Annotated[str | None, BeforeValidator(_country)]
City = Annotated[str | None, Field(max_length=120), BeforeValidator(_city)]
Happened = Annotated[Moment, AfterValidator(_happened)]
"""A time at which something was done; a little ahead may be another clock, a day is not."""
