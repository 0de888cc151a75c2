"""The shape of ``policies.yml``: what a shop owner may write there, checked before anything is believed."""

import re
from collections.abc import Container
from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holidays import country_holidays
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from desk.commerce.hours import Day, Hours, Span
from desk.commerce.model import OrderStatus

_CLOCK = r"(\d{1,2}):([0-5]\d)"
_SPAN = re.compile(rf"\s*{_CLOCK}\s*[-–~至]\s*{_CLOCK}\s*")
_YEARLY = re.compile(r"(\d{1,2})-(\d{1,2})")
_LEAP_YEAR = 2024


class Topic(StrEnum):
    """What customers ask about the shop's rules."""

    DELIVERY_OPTIONS = "delivery_options"
    DELIVERY_PERIOD = "delivery_period"
    PAYMENT_METHODS = "payment_methods"
    REFUND_POLICY = "refund_policy"
    CANCELLATION_FEE = "cancellation_fee"
    OPENING_HOURS = "opening_hours"
    CONTACT_CUSTOMER_SERVICE = "contact_customer_service"
    PLACE_ORDER = "place_order"
    CREATE_ACCOUNT = "create_account"
    RECOVER_PASSWORD = "recover_password"  # noqa: S105 - a topic, not a password
    REGISTRATION_PROBLEMS = "registration_problems"
    NEWSLETTER = "newsletter"
    REVIEW = "review"
    SHOP = "shop"


class _Strict(BaseModel):
    # An unknown key is a typing error of the owner: say so instead of ignoring it.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Text = Annotated[str, Field(min_length=1, max_length=4000)]
Link = Annotated[str, Field(pattern=r"^(https?://|mailto:)\S+$", max_length=2000)]


class Bilingual(_Strict):
    """The same text in English and Chinese."""

    en: Text
    zh: Text

    def get(self, language: str) -> str:
        """Return the text in ``zh``, or else in English."""
        return self.zh if language == "zh" else self.en


class Shop(_Strict):
    """Who the shop is; every link is a placeholder ``{link_NAME}`` in the texts."""

    name: Bilingual
    email: str
    phone: str
    links: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], Link]


def _day(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else value
    if texts is None:
        return ()
    if not isinstance(texts, list):
        raise ValueError('write hours as ["9:00-18:00"], or [] for closed')
    return tuple(_span(text) for text in texts)


def _span(text: Any) -> Span:
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{text!r} is not a span of hours such as "9:00-18:00"')
    first, second, third, fourth = map(int, found.groups())
    if first > 23 or (third, fourth) > (24, 0):
        raise ValueError(f"{text!r} is not a span within 0:00-24:00")
    return Span(time(first, second), time(third % 24, fourth))


def _holiday(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and (yearly := _YEARLY.fullmatch(value)):
        day = date(_LEAP_YEAR, int(yearly[1]), int(yearly[2]))
        return (day.month, day.day)
    if isinstance(value, str):
        return date.fromisoformat(value)
    raise ValueError('write a date as "2027-02-17", or "12-25" for every year')


DayHours = Annotated[Day, BeforeValidator(_day)]


class Holiday(_Strict):
    """A day unlike others; without ``hours`` the shop is closed."""

    date: Annotated[date | tuple[int, int], BeforeValidator(_holiday)]
    name: Bilingual
    hours: DayHours = ()


class Week(_Strict):
    """The hours of each weekday; every day has to be there."""

    monday: DayHours
    tuesday: DayHours
    wednesday: DayHours
    thursday: DayHours
    friday: DayHours
    saturday: DayHours
    sunday: DayHours


@cache
def _days_off(place: str) -> Container[date]:
    """Return the public holidays of a place, of whatever year is asked for; none without a place."""
    country, _, part = place.partition("-")
    return country_holidays(country, subdiv=part or None) if country else frozenset()


class OpeningHours(_Strict):
    """When people are at work."""

    zone: str
    zone_name: Bilingual
    week: Week
    holidays: list[Holiday] = []
    public_holidays: str = ""
    "A country, or a part of one, on whose public holidays nobody is there: DE, DE-BE, CN."

    @field_validator("public_holidays")
    @classmethod
    def _is_country(cls, value: str) -> str:
        try:
            _days_off(value)
        except NotImplementedError as error:
            raise ValueError(f"{value!r} is no country whose holidays are known") from error
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone such as Asia/Shanghai") from error
        return value

    def hours(self) -> Hours:
        """Return them in the form the pure functions take."""
        week = self.week
        return Hours(
            zone=ZoneInfo(self.zone),
            week=(
                week.monday,
                week.tuesday,
                week.wednesday,
                week.thursday,
                week.friday,
                week.saturday,
                week.sunday,
            ),
            yearly={h.date: h.hours for h in self.holidays if isinstance(h.date, tuple)},
            dates={h.date: h.hours for h in self.holidays if isinstance(h.date, date)},
            days_off=_days_off(self.public_holidays),
        )


class CancellationRule(_Strict):
    """What cancelling costs, in percent of the order's total."""

    fee_percent: Annotated[float, Field(ge=0, le=100)]


class Refunds(_Strict):
    """How long after delivery goods may come back, and how long the money takes."""

    window_days: Annotated[int, Field(ge=0, le=3650)]
    paid_within_days: Annotated[int, Field(ge=0, le=365)]


class Offer(_Strict):
    """Something to recommend; without ``account_types`` and ``segments`` it is for everybody."""

    title: Bilingual
    text: Bilingual
    url: Link
    account_types: list[str] = []
    segments: list[str] = []


class Rules(_Strict):
    """The whole file."""

    shop: Shop
    opening_hours: OpeningHours
    refunds: Refunds
    cancellation: dict[OrderStatus, CancellationRule]
    address_change: list[OrderStatus]
    offers: list[Offer] = []
    topics: dict[Topic, Bilingual]

    @field_validator("topics")
    @classmethod
    def _complete(cls, value: dict[Topic, Bilingual]) -> dict[Topic, Bilingual]:
        missing = [topic.value for topic in Topic if topic not in value]
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return value
