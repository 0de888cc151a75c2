"""Reading a campaign's form: values, and what is wrong by field. All of it is told at once. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from analytics.campaigns import local
from analytics.campaigns.plan import Plan
from console.pages.campaigns_compose_fields import wall
from desk.errors import InvalidError

type NameOf = Callable[[tuple[Any, ...]], str]

_COMMAS = str.maketrans("，、", ",,")
_SAID = {"missing": "needed", "string_too_short": "needed", "string_too_long": "too_long"}
_OF_FIELD = {
    "segment_id": "segment",
    "purpose": "purpose",
    "image": "link",
    "to": "link",
    "name": "name",
    "weight": "weight",
    "zone": "zone",
    "at": "moment",
    "day": "day",
    "clock": "clock",
    "start": "clock",
    "end": "clock",
    "cron": "cron",
    "event": "event",
    "if": "event",
    "unless": "event",
    "holidays_of": "holidays",
    "holdout": "percent",
    "share": "percent",
    "opted_out": "percent",
    "complained": "percent",
    "handed_over": "percent",
    "within": "wait",
    "change": "percent",
    "base": "percent",
    "top": "people",
    "cost": "number",
    "benefit": "number",
    "reply": "reply",
    "until": "moment",
    "most": "most",
}
"""What is said of a field whose content is not what it should be, by the last part of its name."""


_LONGEST = {"s": 366 * 86_400, "m": 366 * 1_440, "h": 366 * 24, "d": 366}


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a field: a word of ``campaigns.wrong.``, and what a check said of it."""

    word: str
    why: str = ""


@dataclass
class Taking:
    """One reading of a form, which goes on after what is wrong; ``before`` is the plan that is changed."""

    form: Mapping[str, str]
    before: Plan | None
    wrong: dict[str, Wrong] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field without the blanks around it."""
        return self.form.get(name, "").strip()

    def ticked(self, name: str) -> bool:
        """Say whether a box is ticked."""
        return self.text(name) == "yes"

    def no(self, name: str, word: str, why: str = "") -> None:
        """Note what is wrong; the first thing that is said of a field stays."""
        self.wrong.setdefault(name, Wrong(word, why))

    def is_wrong(self, start: str) -> bool:
        """Say whether something is wrong with a field whose name begins so."""
        return any(name.startswith(start) for name in self.wrong)

    def made[Made: BaseModel](self, model: type[Made], given: Any, name_of: NameOf) -> Made | None:
        """Return a value; None when something is wrong, which is noted at its fields."""
        try:
            return model.model_validate(given)
        except ValidationError as error:
            for one in error.errors():
                name, why = name_of(one["loc"]), one["msg"].removeprefix("Value error, ")
                of_field = _OF_FIELD.get(name.rpartition(".")[2], "as_said")
                self.no(name, _SAID.get(one["type"], of_field), why)
        except InvalidError as error:
            self.no("form", "as_said", str(error))
        return None

    def whole(self, name: str, word: str) -> int | None:
        """Return a whole number; ``word`` is what is said when it is none."""
        text = self.text(name)
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        self.no(name, word if text else "needed")
        return None

    def number(self, name: str) -> float | None:
        """Return a number."""
        try:
            return float(Decimal(self.text(name)))
        except InvalidOperation:
            self.no(name, "number")
            return None

    def share(self, name: str) -> float | None:
        """Return percent as a share of one, exactly."""
        try:
            return float(Decimal(self.text(name).rstrip("%％ ")) / 100)
        except InvalidOperation:
            self.no(name, "percent")
            return None

    def span(self, name: str) -> str | None:
        """Return a length of time as plans write it."""
        text, unit = self.text(name), self.text(f"{name}.unit")
        if text.isascii() and text.isdigit() and len(text) < 7 and unit in _LONGEST:
            if int(text) <= _LONGEST[unit]:
                return f"{text}{unit}"
            self.no(name, "wait_too_long")
            return None
        self.no(name, "wait" if text else "needed")
        return None

    def zone(self, name: str) -> ZoneInfo | None:
        """Return a time zone; UTC when nothing is written."""
        try:
            return local.zone_of(self.text(name) or "UTC")
        except InvalidError:
            self.no(name, "zone")
            return None

    def moment(self, name: str, zone: ZoneInfo, known: datetime | None) -> datetime | str | None:
        """Return a moment on the clocks of a zone; ``known`` when that reads as it is written.

        It has its seconds then, and of two hours that read alike it is in the one in which it was.
        """
        text = self.text(name)
        if known is not None and wall(known, zone) == text:
            return known
        try:
            there = datetime.fromisoformat(text)
        except ValueError:
            self.no(name, "moment" if text else "needed")
            return None
        return local.moment(there.date(), there.time(), zone) or text

    def listed(self, name: str) -> list[str]:
        """Return what is written with commas between."""
        parts = self.text(name).translate(_COMMAS).split(",")
        return [one.strip() for one in parts if one.strip()]
