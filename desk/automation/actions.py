"""What rules do, as people write it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from desk.automation import texts
from desk.commerce.proof import normalise_email
from desk.errors import FrontdeskError, InvalidError
from desk.span import Span
from desk.tables.ticket import TicketPriority, TicketStatus, TicketTopic

CONTACT = "contact"
"""The address of whom it is about."""


def _checked(text: str) -> str:
    try:
        texts.check(text)
    except FrontdeskError as error:
        raise ValueError(str(error)) from error
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_checked),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_checked),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assign(_Strict):
    """Give the ticket to an agent; to nobody without a name."""

    kind: Literal["assign"] = "assign"
    agent: Name = ""


class SetField(StrEnum):
    """What a rule may set on a ticket."""

    STATUS = "status"
    PRIORITY = "priority"
    TOPIC = "topic"
    TEAM = "team"


_CHOICES: dict[SetField, type[StrEnum]] = {
    SetField.STATUS: TicketStatus,
    SetField.PRIORITY: TicketPriority,
    SetField.TOPIC: TicketTopic,
}


class Set(_Strict):
    """Set a field of the ticket."""

    kind: Literal["set"] = "set"
    field: SetField
    value: Name

    @model_validator(mode="after")
    def _possible(self) -> "Set":
        choices = _CHOICES.get(self.field)
        if choices is not None and self.value not in tuple(choices):
            raise ValueError(f"{self.value!r} is none of: {', '.join(choices)}")
        return self


class AddTags(_Strict):
    """Put tags on the ticket."""

    kind: Literal["tag"] = "tag"
    tags: Annotated[tuple[Tag, ...], Field(min_length=1, max_length=20)]


class RemoveTags(_Strict):
    """Take tags off the ticket."""

    kind: Literal["untag"] = "untag"
    tags: Annotated[tuple[Tag, ...], Field(min_length=1, max_length=20)]


class Reply(_Strict):
    """Write to the customer, in the conversation and in its language."""

    kind: Literal["reply"] = "reply"
    en: Text
    zh: Text


class NoteDown(_Strict):
    """Leave a note that only agents see."""

    kind: Literal["note"] = "note"
    text: Text


class Mail(_Strict):
    """Send an e-mail to an address, or to the customer's."""

    kind: Literal["email"] = "email"
    to: Annotated[str, StringConstraints(strip_whitespace=True)] = CONTACT
    subject: Line
    text: Text

    @field_validator("to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value != CONTACT and normalise_email(value) is None:
            raise ValueError(f"{value!r} is no e-mail address; write one, or: {CONTACT}")
        return value


class Webhook(_Strict):
    """Tell a webhook."""

    kind: Literal["webhook"] = "webhook"
    endpoint: Annotated[Name, Field(min_length=1)]


class Task(_Strict):
    """Leave something to do, due some time after."""

    kind: Literal["task"] = "task"
    title: Line
    within: Span = timedelta(days=1)
    assignee: Name = ""

    @field_validator("within")
    @classmethod
    def _sensible(cls, value: timedelta) -> timedelta:
        if not timedelta() < value <= timedelta(days=365):
            raise ValueError("a task is due after more than nothing and at most a year")
        return value


class Crm(_Strict):
    """Write something about the contact down: their language, or a note under a key."""

    kind: Literal["contact"] = "contact"
    field: Annotated[str, Field(pattern=r"^(language|[a-z][a-z0-9_]{0,63})$")]
    value: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]

    @model_validator(mode="after")
    def _possible(self) -> "Crm":
        if self.field == "language" and self.value not in ("en", "zh"):
            raise ValueError("a language is en or zh")
        return self


type Action = Annotated[
    Assign | Set | AddTags | RemoveTags | Reply | NoteDown | Mail | Webhook | Task | Crm,
    Field(discriminator="kind"),
]
KINDS: tuple[str, ...] = (
    "assign",
    "set",
    "tag",
    "untag",
    "reply",
    "note",
    "email",
    "webhook",
    "task",
    "contact",
)
_ACTION: TypeAdapter[Any] = TypeAdapter(Action)


def read(given: Any) -> Action:
    """Check what somebody wrote.

    Raises:
        InvalidError: it is wrong; the message says where and what.
    """
    try:
        found: Action = _ACTION.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise InvalidError(f"{where}: {what}" if where else what) from error
    return found


def written(action: Action) -> dict[str, Any]:
    """Return an action as it is kept."""
    found = action.model_dump(mode="json")
    if isinstance(action, Task):
        found["within"] = f"{round(action.within.total_seconds())}s"
    return found
