"""The fields of an import's rows: how each is read and what is refused."""

from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from desk.commerce.numbers import normalise_invoice_number, normalise_order_number
from desk.commerce.proof import normalise_email, parse_phone

_LARGEST = 2**31 - 1
"""What a column of type INTEGER holds on PostgreSQL."""


def _text(value: Any) -> Any:
    # A spreadsheet and JSON both like to turn numbers that are names into numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def empty(value: Any) -> Any:
    """Return a value, or None for a text without anything in it."""
    return None if isinstance(value, str) and not value.strip() else _text(value)


def _order_number(value: str) -> str:
    number = normalise_order_number(value)
    if number is None:
        raise ValueError("an order number is up to 20 digits, such as 10023")
    return number


def _invoice_number(value: str) -> str:
    number = normalise_invoice_number(value)
    if number is None:
        raise ValueError("an invoice number is INV- and up to 20 digits, such as INV-2041")
    return number


def _email(value: str | None) -> str | None:
    if value is not None and normalise_email(value) is None:
        raise ValueError("not an e-mail address")
    return value


def _phone(value: str | None) -> str | None:
    if value is not None and parse_phone(value) is None:
        raise ValueError("not a phone number of 7 to 15 digits")
    return value


def word(value: Any) -> Any:
    """Return a word as our enums spell it: ``Out for delivery`` is ``out_for_delivery``."""
    return (
        value.strip().lower().replace(" ", "_").replace("-", "_")
        if isinstance(value, str)
        else value
    )


def _moment(value: Any, info: ValidationInfo) -> Any:
    """Read a time; its zone, when it has none, comes from the importer."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    zone: tzinfo = (info.context or {}).get("zone", UTC)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(
                "not a time such as 2026-03-01T09:30:00+08:00 or 2026-03-01"
            ) from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError("not a time such as 2026-03-01T09:30:00+08:00 or 2026-03-01")
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time in the years 1 to 9999") from error


Name = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=200)]
Key = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=64)]
# The length stands first: after a validator pydantic would measure None too.
Word = Annotated[str | None, Field(max_length=64), BeforeValidator(empty)]
Email = Annotated[
    str | None, Field(max_length=254), BeforeValidator(empty), AfterValidator(_email)
]
Phone = Annotated[str | None, Field(max_length=32), BeforeValidator(empty), AfterValidator(_phone)]
OrderNumber = Annotated[str, BeforeValidator(_text), AfterValidator(_order_number)]
InvoiceNumber = Annotated[str, BeforeValidator(_text), AfterValidator(_invoice_number)]
Cents = Annotated[int, Field(ge=0, le=_LARGEST)]
Count = Annotated[int | None, Field(ge=0, le=_LARGEST), BeforeValidator(empty)]
Currency = Annotated[
    str, BeforeValidator(lambda v: str(v).strip().upper()), Field(pattern="^[A-Z]{3}$")
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
OptionalMoment = Annotated[datetime | None, BeforeValidator(_moment)]
OptionalText = Annotated[str | None, Field(max_length=2000), BeforeValidator(empty)]
