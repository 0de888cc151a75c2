"""What a rule can ask about a person, each with what it needs. Pure.

A question is an object with its ``kind``; what is left out has a default. Numbers are compared by ``op`` and
``value``: ``{"kind": "purchase", "value": 2, "window": {"days": 90}}`` is "bought at least 2 times in 90 days".
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_VALUES = 200
LONGEST_WINDOW = 3_650

Text = Annotated[str, Field(min_length=1, max_length=200)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_VALUES)]
Name = Annotated[str, Field(pattern=r"^[a-z_]{1,64}(\.[a-z_]{1,64})?$")]
Days = Annotated[int, Field(ge=1, le=LONGEST_WINDOW)]
Age = Annotated[int, Field(ge=0, le=130)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class Op(StrEnum):
    """How a number is compared."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EXACTLY = "exactly"


class Measure(StrEnum):
    """What is made of rows; ``days_since`` is the time since the newest, in days."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MIN = "min"
    MAX = "max"
    DAYS_SINCE = "days_since"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Window(_Part):
    """The last ``days`` times 24 hours, or whole days in UTC from ``since`` until ``until``, both included."""

    days: Days | None = None
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        dates = [one for one in (self.since, self.until) if one is not None]
        if (self.days is None) is (not dates):
            raise ValueError("say either days, or since and until")
        if len(dates) == 2 and dates[0] > dates[1]:
            raise ValueError(f"it would end on {self.until} before it begins on {self.since}")
        return self


class Kept(StrEnum):
    """What a column of a person holds."""

    TEXT = "text"
    DATE = "date"
    AGE = "age"


FIELDS: Mapping[str, Kept] = {
    "country": Kept.TEXT,
    "city": Kept.TEXT,
    "language": Kept.TEXT,
    "gender": Kept.TEXT,
    "age": Kept.AGE,
    "born": Kept.DATE,
    "tier": Kept.TEXT,
    "created_at": Kept.DATE,
    "name": Kept.TEXT,
    "email": Kept.TEXT,
    "phone": Kept.TEXT,
    "customer_id": Kept.TEXT,
    "contact_id": Kept.TEXT,
}
"""What is known of a person; the age is counted from ``born``."""

PERSON_OPS: Mapping[Kept, Mapping[str, frozenset[str]]] = {
    Kept.TEXT: {
        "is": frozenset({"value"}),
        "one_of": frozenset({"values"}),
        "contains": frozenset({"value"}),
        "known": frozenset(),
    },
    Kept.DATE: {
        "before": frozenset({"value"}),
        "after": frozenset({"value"}),
        "within": frozenset({"days"}),
        "known": frozenset(),
    },
    Kept.AGE: {"between": frozenset({"low", "high"}), "known": frozenset()},
}
"""How each is asked, and what the question needs. Texts are compared without regard to case."""

CHOICES: Mapping[str, frozenset[str]] = {"gender": frozenset({"female", "male", "other"})}


class Person(_Part):
    """What is known of the person."""

    kind: Literal["person"] = "person"
    field: str
    op: str
    value: Text | None = None
    values: Texts | None = None
    low: Age | None = None
    high: Age | None = None
    days: Days | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        kept = FIELDS.get(self.field)
        if kept is None:
            raise ValueError(f"field: {self.field!r} is none of: {', '.join(FIELDS)}")
        if self.op not in PERSON_OPS[kept]:
            known = ", ".join(PERSON_OPS[kept])
            raise ValueError(f"op: {self.field} cannot be asked {self.op!r}; ask: {known}")
        given = {
            n for n in ("value", "values", "low", "high", "days") if getattr(self, n) is not None
        }
        needed = PERSON_OPS[kept][self.op]
        if given - needed:
            raise ValueError(f"{self.field} {self.op} takes no {min(given - needed)}")
        if needed and not given:
            raise ValueError(f"{self.field} {self.op} needs: {', '.join(sorted(needed))}")
        self._check_values(kept)
        return self

    def _check_values(self, kept: Kept) -> None:
        if kept is Kept.DATE and self.value is not None:
            _date(self.value)
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"nobody is at least {self.low} and at most {self.high}")
        choices = CHOICES.get(self.field)
        if choices and self.op in ("is", "one_of"):
            for value in self.asked:
                if value.lower() not in choices:
                    known = ", ".join(sorted(choices))
                    raise ValueError(f"value: {value!r} is none of: {known}")

    @property
    def asked(self) -> tuple[str, ...]:
        """The texts that are compared with."""
        return self.values or ((self.value,) if self.value is not None else ())

    @property
    def day(self) -> date:
        """The date that is compared with."""
        return _date(self.value or "")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"value: {text!r} is no date such as 2026-01-31") from error


class Counted(_Part):
    """Rows of something, made one number and compared."""

    measure: Measure = Measure.COUNT
    op: Op = Op.AT_LEAST
    value: Number = 1
    window: Window | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.measure is Measure.DAYS_SINCE:
            if self.op is Op.EXACTLY:
                raise ValueError("op: ask for at_least or at_most so many days since the last one")
            if self.window is not None:
                raise ValueError("window: the last one is the last of all; take the window away")
            if not 0 < self.value <= LONGEST_WINDOW:
                raise ValueError(f"value: days are above 0 and at most {LONGEST_WINDOW}")
        elif self.measure is Measure.COUNT:
            _count(self.op, self.value)
        return self


def _count(op: Op, value: float) -> None:
    if value < 0 or value != int(value):
        raise ValueError(f"value: {value:g} is no count")
    if op is Op.AT_LEAST and value == 0:
        raise ValueError("value: everybody has at least 0; ask for at least 1")


class Event(Counted):
    """What the person did, or what happened with them; ``value`` of the rows is summed."""

    kind: Literal["event"] = "event"
    name: Name
    channel: Text | None = None
    item: Text | None = None


class Purchase(Counted):
    """Orders that were not cancelled. With ``sku`` or ``category`` such lines alone count, and their money."""

    kind: Literal["purchase"] = "purchase"
    sku: Text | None = None
    category: Text | None = None


class Ticket(Counted):
    """Tickets of the person, by when they were opened."""

    kind: Literal["ticket"] = "ticket"
    open: bool | None = None
    topic: Text | None = None
    priority: Text | None = None

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.measure not in (Measure.COUNT, Measure.DAYS_SINCE):
            raise ValueError("measure: tickets have no value; ask for count or days_since")
        return self


SURVEYS: Mapping[str, tuple[int, int]] = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10)}


class Feedback(_Part):
    """The last score that the person gave."""

    kind: Literal["feedback"] = "feedback"
    of: Literal["csat", "ces", "nps"]
    op: Op = Op.AT_LEAST
    value: Number

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _between(f"the score of {self.of}", self.value, *SURVEYS[self.of])
        return self


RANGES: Mapping[str, tuple[float, float]] = {
    "rfm_recency": (1, 5),
    "rfm_frequency": (1, 5),
    "rfm_money": (1, 5),
    "clv": (-1e12, 1e12),
    "alive": (0, 1),
    "churn": (0, 1),
    "response": (0, 1),
    "potential": (-1e12, 1e12),
}
"""Scores that are numbers, from and to."""
WORDS = ("rfm", "cluster")
"""Scores that are words alone."""
SCORES = (*WORDS, *RANGES)


class Score(_Part):
    """What a model says of the person: a number, or one of some ``words``."""

    kind: Literal["score"] = "score"
    name: str
    op: Op | None = None
    value: Number | None = None
    words: Texts | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.name not in SCORES:
            raise ValueError(f"name: {self.name!r} is none of: {', '.join(SCORES)}")
        if (self.words is None) is (self.value is None):
            raise ValueError("say either op and value, or words")
        if self.words is not None:
            if self.op is not None:
                raise ValueError("op: words are not compared by size")
        elif self.name in WORDS:
            raise ValueError(f"value: {self.name} is a word, not a number")
        elif self.op is None:
            raise ValueError(f"op: say one of: {', '.join(Op)}")
        else:
            _between(self.name, self.value or 0, *RANGES[self.name])
        return self


def _between(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"value: {what} is from {low:g} to {high:g}")


class Tag(_Part):
    """The person has at least one of some tags."""

    kind: Literal["tag"] = "tag"
    values: Texts


class Consent(_Part):
    """What the person said last about a purpose; who said nothing has neither granted nor refused."""

    kind: Literal["consent"] = "consent"
    purpose: Text
    granted: bool = True


class Reach(_Part):
    """The person can be reached on a channel."""

    kind: Literal["reach"] = "reach"
    channel: Text


type Leaf = Person | Event | Purchase | Ticket | Feedback | Score | Tag | Consent | Reach

KINDS: Mapping[str, type[_Part]] = {
    "person": Person,
    "purchase": Purchase,
    "event": Event,
    "score": Score,
    "tag": Tag,
    "consent": Consent,
    "reach": Reach,
    "ticket": Ticket,
    "feedback": Feedback,
}


def written(leaf: Leaf) -> dict[str, Any]:
    """Return a question as JSON, without what is as ever."""
    plain = leaf.model_dump(mode="json", exclude_defaults=True, exclude={"kind"})
    found = {
        name: int(v) if isinstance(v, float) and v == int(v) else v for name, v in plain.items()
    }
    return {"kind": leaf.kind} | found
