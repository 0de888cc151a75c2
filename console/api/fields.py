"""Parts of requests: text that can be stored, ids, times, places in lists."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

LARGEST_PAGE = 100
LONGEST_TEXT = 8_000


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a null character")
    return text


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is too far away") from error


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_storable)]
Word = Annotated[str, Field(max_length=128), AfterValidator(_storable)]
Time = Annotated[AwareDatetime, AfterValidator(_utc)]
Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["0198c0ffee00aa11bb22cc33dd44ee55"])]
PathId = Annotated[
    str, Path(alias="id", pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits")
]
Number = Annotated[
    str, Path(pattern="^T-[0-9]{1,18}$", description="the ticket's number", examples=["T-000123"])
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,255}$",
        description="any text of yours; the same request again has no second effect, for 24 hours",
    ),
]


class Given(BaseModel):
    """What a caller sends; what nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Given):
    """Which part of a list."""

    after: Annotated[
        str | None,
        Field(pattern="^[0-9A-Za-z~:.+_-]{1,100}$", description="`next` of the page before"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50

    def wanted(self, *names: str) -> Mapping[str, Any]:
        """Return those of the named filters that were given."""
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}


class Shown(BaseModel):
    """What the API answers."""

    model_config = ConfigDict(from_attributes=True)


class ShownPage[S: Shown](BaseModel):
    """A page of a list; ``next`` is what to send as ``after``, null at the end."""

    items: list[S]
    next: str | None
