"""When a person is called though the customer did not ask for one. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from desk.dialogue.port import Reading

COMPLAINT = "complaint"
"""The intent of a customer who complains."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CallRule(_Strict):
    """Call a person at once when a message has all that is named here; an empty list asks for nothing."""

    reason: Annotated[str, Field(min_length=1, max_length=64)]
    intents: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


class Triggers(_Strict):
    """What calls a person; 0 for a number means never."""

    enabled: bool = True
    fallbacks: Annotated[int, Field(ge=0)] = 2
    "So many messages in a row that were not understood."
    unsure: Annotated[int, Field(ge=0)] = 3
    "So many messages in a row that were understood with less confidence than ``unsure_below``."
    unsure_below: Annotated[float, Field(ge=0, le=1)] = 0.5
    anger: Annotated[float, Field(ge=0, le=1)] = 0.7
    "From this anger on; 0.5 is cross, and complaints are often that."
    vip_complaint: bool = True
    complaint_hours: Annotated[int, Field(ge=0)] = 24
    "Whose complaint is open for so long gets a person with the next message."
    rules: tuple[CallRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """What a conversation's last messages were like, and whether a person was called for it since one was there."""

    fallbacks: int = 0
    unsure: int = 0
    called: bool = False

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> "Doubts":
        """Return what was kept."""
        return cls(**kept) if kept else cls()

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known about a customer. ``complaint_age`` is that of the oldest complaint nobody has settled."""

    channel: str = ""
    language: str = "en"
    segment: str | None = None
    vip: bool = False
    complaint_age: timedelta | None = None


def doubts_after(before: Doubts, reading: Reading, triggers: Triggers) -> Doubts:
    """Return the doubts with one more message; one that was understood, or was a form's answer, ends both streaks."""
    unsure = reading.fallback or (not reading.form and reading.confidence < triggers.unsure_below)
    return Doubts(
        fallbacks=before.fallbacks + 1 if reading.fallback else 0,
        unsure=before.unsure + 1 if unsure else 0,
        called=before.called,
    )


def handoff_wanted(
    reading: Reading, doubts: Doubts, standing: Standing, triggers: Triggers
) -> str | None:
    """Return why a person should be called now, if one should; ``doubts`` has this message in it already."""
    if not triggers.enabled or doubts.called:
        return None
    complaint = standing.complaint_age
    longest = timedelta(hours=triggers.complaint_hours)
    for reason, holds in (
        ("angry", 0 < triggers.anger <= reading.anger),
        ("VIP complaint", triggers.vip_complaint and standing.vip and reading.intent == COMPLAINT),
        ("not understood", _reached(doubts.fallbacks, triggers.fallbacks)),
        ("unsure", _reached(doubts.unsure, triggers.unsure)),
        ("open complaint", bool(longest) and complaint is not None and complaint > longest),
    ):
        if holds:
            return reason
    return next((one.reason for one in triggers.rules if _fits(one, reading, standing)), None)


def _reached(count: int, limit: int) -> bool:
    return 0 < limit <= count


def _fits(rule: CallRule, reading: Reading, standing: Standing) -> bool:
    return all(
        not wanted or found in wanted
        for wanted, found in (
            (rule.intents, reading.intent),
            (rule.channels, standing.channel),
            (rule.languages, standing.language),
            (rule.segments, standing.segment),
        )
    )
