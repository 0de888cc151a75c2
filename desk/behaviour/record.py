"""One thing somebody did, as a row of an import, checked."""

import hashlib
import json
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from desk.commerce.fields import Email, Phone, Word, empty, word
from desk.contacts.record import canonical_phone
from desk.imports.cleaning import Happened

_WHO = ("customer_id", "contact_id", "email", "phone")


class BehaviourRecord(BaseModel):
    """What somebody did; ``key`` is its source's own, without which the same row twice is the same deed."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    key: Annotated[str | None, Field(max_length=128), BeforeValidator(empty)] = None
    customer_id: Word = None
    contact_id: Word = None
    email: Email = None
    phone: Phone = None
    name: Annotated[str, BeforeValidator(word), Field(pattern="^[a-z_]{1,64}$")]
    occurred_at: Happened
    channel: Annotated[str | None, Field(max_length=32), BeforeValidator(empty)] = None
    item: Annotated[str | None, Field(max_length=200), BeforeValidator(empty)] = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_empty_number(cls, row: object) -> object:
        if isinstance(row, dict) and row.get("value") == "":
            return {**row, "value": None}
        return row

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if not any(getattr(self, name) for name in _WHO):
            raise ValueError("a customer_id, contact_id, email or phone is needed: who was it?")
        texts = (self.key, self.customer_id, self.contact_id, self.channel, self.item)
        if any("\x00" in text for text in texts if text):
            raise ValueError("contains a NUL character")
        return self

    @cached_property
    def who(self) -> tuple[str, str]:
        """By which column the person is known, and as what."""
        name = next(name for name in _WHO if getattr(self, name))
        return name, canonical(name, str(getattr(self, name)))

    @cached_property
    def identity(self) -> str:
        """The key, or one made of everything else."""
        if self.key is not None:
            return self.key
        facts = [*self.who, self.name, self.occurred_at.isoformat()]
        whole = json.dumps([*facts, self.channel, self.item, self.value])
        return "made:" + hashlib.sha256(whole.encode()).hexdigest()[:40]


def canonical(column: str, value: str) -> str:
    """Return how a person is named when it does not matter how it was written."""
    form = _FORMS.get(column)
    return form(value) if form else value


_FORMS: dict[str, Callable[[str], str]] = {"email": str.lower, "phone": canonical_phone}
