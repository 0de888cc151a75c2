"""One row of an import, checked: what a shop may send us, from a file or through the API.

Amounts come either in whole cents (``price_cents``) or as a decimal (``price``: 12.50). Times are ISO 8601; one
without a zone is taken in the importer's. Unknown columns are left out.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from desk.commerce.fields import (
    Cents,
    Count,
    Currency,
    Email,
    InvoiceNumber,
    Key,
    Name,
    OptionalMoment,
    OptionalText,
    OrderNumber,
    Phone,
    Word,
    word,
)
from desk.commerce.model import InvoiceStatus, OrderStatus, RefundStatus
from desk.commerce.money import decimals
from desk.imports.cleaning import Born, City, Country, Gender, Happened

MOST_LINES = 1000


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="after")
    def _storable(self) -> Self:
        for name, value in self:
            if isinstance(value, str) and "\x00" in value:
                raise ValueError(f"{name} contains a NUL character")
        return self


class CustomerRecord(_Record):
    """A customer; ``id`` is the shop's own."""

    id: Key
    name: Name
    email: Email = None
    phone: Phone = None
    account_type: Annotated[
        str, BeforeValidator(lambda v: word(v) or "standard"), Field(max_length=32)
    ] = "standard"
    created_at: Happened
    gender: Gender = None
    born: Born = None
    country: Country = None
    city: City = None


class ProductRecord(_Record):
    """A product; without a Chinese name it has the English one, and the other way round.

    ``in_stock`` is how many pieces there are; empty when the shop does not say.
    """

    sku: Key
    name_en: Name
    name_zh: Name
    price_cents: Cents
    currency: Currency
    in_stock: Count = None
    category: Word = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, row: Any) -> Any:
        return _in_cents(_both_names(row), "price") if isinstance(row, Mapping) else row


class LineRecord(_Record):
    """A position of an order."""

    sku: Key
    name_en: Name
    name_zh: Name
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    price_cents: Cents

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, row: Any) -> Any:
        return _in_cents(_both_names(row), "price") if isinstance(row, Mapping) else row


class OrderRecord(_Record):
    """An order with its lines."""

    number: OrderNumber
    customer_id: Key
    status: Annotated[OrderStatus, BeforeValidator(word)]
    placed_at: Happened
    shipped_at: OptionalMoment = None
    expected_at: OptionalMoment = None
    delivered_at: OptionalMoment = None
    carrier: Word = None
    tracking_number: Word = None
    total_cents: Cents
    currency: Currency
    ship_name: Name
    ship_address: Annotated[str, Field(min_length=1, max_length=1000)]
    email: Email = None
    phone: Phone = None
    lines: tuple[LineRecord, ...]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, row: Any) -> Any:
        if not isinstance(row, Mapping):
            return row
        currency = row.get("currency", "")
        lines = row.get("lines")
        if isinstance(lines, list | tuple):
            row = {**row, "lines": [_with_currency(line, currency) for line in lines]}
        return _in_cents(row, "total")

    @field_validator("lines")
    @classmethod
    def _counted(cls, value: tuple[LineRecord, ...]) -> tuple[LineRecord, ...]:
        if not 1 <= len(value) <= MOST_LINES:
            raise ValueError(f"an order has 1 to {MOST_LINES} lines, not {len(value)}")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError(
                "an order needs an e-mail or a phone number: the customer proves with it whose it is"
            )
        return self


class InvoiceRecord(_Record):
    """An invoice of an order."""

    number: InvoiceNumber
    order_number: OrderNumber
    issued_at: Happened
    due_at: OptionalMoment = None
    total_cents: Cents
    currency: Currency
    status: Annotated[InvoiceStatus, BeforeValidator(word)]
    url: OptionalText = None

    @field_validator("url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        # It is shown as a link: javascript: and the like must not get there.
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("a link starts with https://")
        return value

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, row: Any) -> Any:
        return _in_cents(row, "total") if isinstance(row, Mapping) else row


class RefundRecord(_Record):
    """A refund; ``id`` is the shop's own."""

    id: Key
    order_number: OrderNumber
    amount_cents: Cents
    currency: Currency
    status: Annotated[RefundStatus, BeforeValidator(word)]
    reason: Annotated[str, Field(max_length=2000)] = ""
    requested_at: Happened
    paid_at: OptionalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, row: Any) -> Any:
        return _in_cents(row, "amount") if isinstance(row, Mapping) else row


def _both_names(row: Mapping[str, Any]) -> dict[str, Any]:
    english, chinese = row.get("name_en"), row.get("name_zh")
    return {**row, "name_en": english or chinese, "name_zh": chinese or english}


def _with_currency(line: Any, currency: Any) -> Any:
    return {"currency": currency, **line} if isinstance(line, Mapping) else line


def _in_cents(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Turn ``name`` (a decimal) into ``name_cents``, when that is not there itself."""
    amount = row.get(name)
    if amount in (None, "") or row.get(f"{name}_cents") not in (None, ""):
        return dict(row)
    places = decimals(str(row.get("currency", "")).strip().upper())
    try:
        value = Decimal(str(amount).strip())
        # Checked before it is multiplied out: "1e999999999" is a decimal too.
        cents = value.scaleb(places) if value.adjusted() < 12 else Decimal("NaN")
    except ArithmeticError:
        cents = Decimal("NaN")
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise ValueError(
            f"{name}: {amount!r} is not an amount with up to {places} decimals, such as 12.50"
        )
    return {**row, f"{name}_cents": int(cents)}
