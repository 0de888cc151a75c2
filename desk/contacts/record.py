"""One row of an import of contacts, checked."""

import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from desk.commerce.fields import Email, OptionalText, Phone
from desk.commerce.proof import normalise_email
from desk.dialogue.language import LANGUAGES


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


class ContactRecord(BaseModel):
    """A contact: an e-mail address or a phone number by which they are known again, and more if there is more."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    name: Annotated[OptionalText, AfterValidator(_name), Field(max_length=200)] = None
    email: Annotated[Email, AfterValidator(_email)] = None
    phone: Annotated[Phone, AfterValidator(_phone)] = None
    language: Annotated[OptionalText, AfterValidator(_language)] = None

    @model_validator(mode="after")
    def _known_again(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError(
                "an e-mail or a phone number is needed: by it the contact is known again"
            )
        if "\x00" in (self.name or ""):
            raise ValueError("name contains a NUL character")
        return self

    @property
    def key(self) -> str:
        """What the contact is known by."""
        return self.email or self.phone or ""
