"""One row of an import of contacts, checked."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from desk.commerce.fields import Email, OptionalMoment, OptionalText, Phone, empty
from desk.commerce.proof import normalise_email
from desk.dialogue.language import LANGUAGES
from desk.imports.cleaning import Born, City, Country, Gender


def canonical_phone(text: str) -> str:
    """Return a number as ``+15550100`` or, without a country code, its digits: ``020 7946`` is ``0207946``."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("(0)", "")
    digits = re.sub(r"\D", "", plain)
    if plain.startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _email(value: str | None) -> str | None:
    return normalise_email(value) if value else None


def _phone(value: str | None) -> str | None:
    return canonical_phone(value) if value else None


def _name(value: str | None) -> str | None:
    return " ".join(value.split()) if value else None


def _language(value: str | None) -> str | None:
    if value is None:
        return None
    code = re.split("[-_]", value.lower())[0]
    if code not in LANGUAGES:
        raise ValueError(f"{value!r} is none of: {', '.join(LANGUAGES)}")
    return code


def _purposes(value: object) -> object:
    """Return the words of a cell, or those of a list."""
    words = re.split(r"[\s,;|]+", value.strip()) if isinstance(value, str) else value
    return tuple(filter(None, words)) if isinstance(words, list) else words or ()


def _past(value: datetime | None, info: ValidationInfo) -> datetime | None:
    now: datetime | None = (info.context or {}).get("now")
    if value and now and value > now:
        raise ValueError("in the future")
    return value


Purposes = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")], ...],
    BeforeValidator(_purposes),
    Field(max_length=10),
]


class ContactRecord(BaseModel):
    """A contact: an e-mail address or a phone number by which they are known again, and more if there is more.

    ``consent`` are the purposes to which they said yes, all of them at ``consent_at``.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    name: Annotated[
        str | None, Field(max_length=200), BeforeValidator(empty), AfterValidator(_name)
    ] = None
    email: Annotated[Email, AfterValidator(_email)] = None
    phone: Annotated[Phone, AfterValidator(_phone)] = None
    language: Annotated[OptionalText, AfterValidator(_language)] = None
    gender: Gender = None
    born: Born = None
    country: Country = None
    city: City = None
    consent: Purposes = ()
    consent_at: Annotated[OptionalMoment, AfterValidator(_past)] = None

    @model_validator(mode="after")
    def _known_again(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError(
                "an e-mail or a phone number is needed: by it the contact is known again"
            )
        for column in ("name", "city"):
            if "\x00" in (getattr(self, column) or ""):
                raise ValueError(f"{column} contains a NUL character")
        if self.consent and self.consent_at is None:
            raise ValueError(
                "consent_at is needed: when they gave the consent is part of the proof"
            )
        return self

    @property
    def key(self) -> str:
        """What the contact is known by."""
        return self.email or self.phone or ""
