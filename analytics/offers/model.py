"""What an offer is, when it may be shown, and why it is."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desk.errors import InvalidError
from desk.tables.offer import OfferRow, OfferShownRow

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LINK = re.compile(r"https?://[^\s/]+\S*")
_LONGEST = {
    "title_en": 200,
    "title_zh": 200,
    "text_en": 1000,
    "text_zh": 1000,
    "sku": 64,
    "url": 2000,
}
_NEEDED = ("title_en", "title_zh", "text_en", "text_zh")
_LARGEST = 2_000_000_000


class Reason(StrEnum):
    """Why somebody is shown an offer."""

    BOUGHT = "bought"
    SEEN = "seen"
    #: People who bought the same liked it.
    ALIKE = "alike"
    POPULAR = "popular"
    #: Nothing is known that would speak for it; it is on.
    CURRENT = "current"


class State(StrEnum):
    """Whether an offer is shown."""

    ACTIVE = "active"
    STOPPED = "stopped"
    PLANNED = "planned"
    ENDED = "ended"
    USED_UP = "used_up"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An offer as somebody wrote it. Without a segment it is for everybody, without a limit there is none."""

    code: str
    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    sku: str | None = None
    url: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    segment_id: int | None = None
    most_shown: int | None = None
    most_taken: int | None = None

    def check(self) -> None:
        """Raise InvalidError, which says what is wrong, unless it can be kept."""
        if not _CODE.fullmatch(self.code):
            raise InvalidError("code: 1 to 64 letters, digits, dots, dashes or underscores")
        for name in _NEEDED:
            if not getattr(self, name).strip():
                raise InvalidError(f"{name}: write something")
        for name, most in _LONGEST.items():
            if len(getattr(self, name) or "") > most:
                raise InvalidError(f"{name}: at most {most} characters")
        if self.url is not None and not _LINK.fullmatch(self.url):
            raise InvalidError("url: an address that begins with https:// or http://")
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise InvalidError("ends_at: it must end after it begins")
        for name in ("most_shown", "most_taken"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= _LARGEST:
                raise InvalidError(f"{name}: a number from 1 on, or nothing")


@dataclass(frozen=True, kw_only=True)
class Offer(Draft):
    """An offer that is kept, with how often it was shown, clicked and led to a purchase."""

    id: int
    shown: int
    clicked: int
    converted: int
    edition: int
    stopped_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    def state(self, now: datetime) -> State:
        """Say whether it may be shown now, and why not."""
        if self.stopped_at is not None:
            return State.STOPPED
        if self.ends_at is not None and self.ends_at <= now:
            return State.ENDED
        if self.most_shown is not None and self.shown >= self.most_shown:
            return State.USED_UP
        if self.most_taken is not None and self.converted >= self.most_taken:
            return State.USED_UP
        if self.starts_at is not None and self.starts_at > now:
            return State.PLANNED
        return State.ACTIVE

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.title_zh if language == "zh" else self.title_en

    def text(self, language: str) -> str:
        """Return what it says in a language."""
        return self.text_zh if language == "zh" else self.text_en


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An offer that somebody was shown, and what came of it."""

    id: int
    offer_id: int
    person_id: str
    contact_id: str | None
    conversation_id: str | None
    position: int
    reason: Reason
    because: str | None
    score: float
    propensity: float
    shown_at: datetime
    clicked_at: datetime | None
    converted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Because:
    """The reason in short: ``item`` is what was bought or seen, with its names."""

    reason: Reason
    item: str | None = None
    name_en: str = ""
    name_zh: str = ""

    def name(self, language: str) -> str:
        """Return what the item is called in a language."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """An offer for somebody: ``score`` is the expected chance of a click, ``shown_id`` is set once it is recorded."""

    offer: Offer
    score: float
    because: Because
    propensity: float
    context: tuple[float, ...]
    shown_id: int | None = None


_OF_OFFER = tuple(Offer.__dataclass_fields__)
_OF_SHOWN = tuple(Shown.__dataclass_fields__)


def offer(row: OfferRow) -> Offer:
    """Return an offer from its row."""
    return Offer(**{name: getattr(row, name) for name in _OF_OFFER})


def shown(row: OfferShownRow) -> Shown:
    """Return what was shown from its row."""
    found = {name: getattr(row, name) for name in _OF_SHOWN}
    return Shown(**found | {"reason": Reason(row.reason)})
