"""Decides from the events of a conversation which messages the bot did not understand, and what tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
FALLBACK_ACTION = "action_fallback"
HUMAN = "contact_human_agent"
YES, NO = "affirm", "deny"
SMALL_TALK = frozenset(
    {YES, NO, HUMAN, "bot_challenge", "goodbye", "greet", "inform", "stop_form", "thanks"}
)
"""Intents that say nothing about the message before; what follows them is no second try either."""

SOON_SECONDS = 300.0
"""A message that comes later has nothing to do with the one before."""
LONGEST = 300
"""A longer message is a letter: it teaches an intent classifier nothing."""


class Reason(str, Enum):
    """What tells that a message was not understood."""

    REJECTED = "rejected"
    NOT_UNDERSTOOD = "not_understood"
    ASKED_FOR_HUMAN = "asked_for_human"
    REPHRASED = "rephrased"
    OUT_OF_SCOPE = "out_of_scope"
    UNSURE = "unsure"


CHOSEN_WEIGHT, REPHRASED_WEIGHT = 3.0, 1.0
"""A button that the customer pressed says more than all guesses; a second try can be about something else."""


@dataclass
class Said:
    """One message of a customer, or a button, and what the bot did with it."""

    text: str
    intent: str
    ranking: list[tuple[str, float]]
    at: float
    is_form_answer: bool
    offered: set[str] = field(default_factory=set)

    @property
    def is_button(self) -> bool:
        """Typed text never begins with a slash when it gets here."""
        return self.text.startswith("/")

    @property
    def confidence(self) -> float:
        """Of the best intent; a fallback is no intent."""
        return self.ranking[0][1] if self.ranking else 0.0


@dataclass(frozen=True)
class Unclear:
    """A message to look at; `votes` are intents that it may mean, `retried_as` the text said instead."""

    conversation_id: str
    text: str
    at: float
    reasons: tuple[Reason, ...]
    votes: dict[str, float]
    retried_as: str | None = None
    retried_intent: str | None = None

    def confirmed(self) -> Unclear:
        """The second try was one: it looks alike and says what the first meant."""
        votes = defaultdict(float, self.votes)
        if self.retried_intent is not None:
            votes[self.retried_intent] += REPHRASED_WEIGHT
        return replace(self, reasons=(*self.reasons, Reason.REPHRASED), votes=dict(votes))


def listen(events: Iterable[dict[str, Any]]) -> list[Said]:
    """What the customer said, in order, with what came after each message."""
    found: list[Said] = []
    form: str | None = None
    for event in events:
        kind = event.get("event")
        if kind == "user":
            found.append(_said(event, in_form=form is not None))
        elif kind == "active_loop":
            form = event.get("name")
        elif kind in ("session_started", "restart"):
            form = None
        elif found and kind == "action" and event.get("name") == FALLBACK_ACTION:
            found[-1].is_form_answer = False
        elif found and kind == "bot":
            found[-1].offered |= _offered(event)
    return found


def _said(event: dict[str, Any], *, in_form: bool) -> Said:
    parsed = event.get("parse_data") or {}
    ranking = [
        (str(guess.get("name")), float(guess.get("confidence") or 0.0))
        for guess in parsed.get("intent_ranking") or ()
        if guess.get("name") not in (None, FALLBACK)
    ]
    return Said(
        text=" ".join(str(event.get("text") or "").split()),
        intent=str((parsed.get("intent") or {}).get("name") or ""),
        ranking=ranking,
        at=float(event.get("timestamp") or 0.0),
        is_form_answer=in_form,
    )


def _offered(event: dict[str, Any]) -> set[str]:
    buttons = (event.get("data") or {}).get("buttons") or ()
    payloads = [str(button.get("payload") or "") for button in buttons]
    return {_intent_of(payload) for payload in payloads if payload.startswith("/")}


def _intent_of(payload: str) -> str:
    return payload[1:].partition("{")[0].strip()


def unclear(conversation_id: str, said: Sequence[Said], below: float) -> Iterator[Unclear]:
    """The messages of a conversation that were not understood, or perhaps were not: see `retried_as`."""
    for place, one in enumerate(said):
        # A form takes its answers whatever their intent: addresses and reasons are no wishes.
        if one.is_form_answer or one.is_button or not _has_words(one.text):
            continue
        after = [other for other in said[place + 1 : place + 3] if _is_soon(one, other)]
        reasons = tuple(_reasons(one, after, below))
        retried = _second_try(one, after)
        if not reasons and retried is None:
            continue
        yield Unclear(
            conversation_id=conversation_id,
            text=one.text,
            at=one.at,
            reasons=reasons,
            votes=_votes(one, after),
            retried_as=retried.text if retried else None,
            retried_intent=retried.intent if retried and retried.confidence >= below else None,
        )


def _has_words(text: str) -> bool:
    return len(text) <= LONGEST and sum(character.isalpha() for character in text) >= 2


def _is_soon(one: Said, other: Said) -> bool:
    return 0 <= other.at - one.at <= SOON_SECONDS


def _reasons(one: Said, after: Sequence[Said], below: float) -> Iterator[Reason]:
    following = after[0].intent if after else None
    if one.intent == FALLBACK and following == NO:
        yield Reason.REJECTED
    if one.intent in (FALLBACK, ""):
        yield Reason.NOT_UNDERSTOOD
    elif one.intent == OUT_OF_SCOPE:
        yield Reason.OUT_OF_SCOPE
    elif one.confidence < below:
        yield Reason.UNSURE
    if following == HUMAN and one.intent not in SMALL_TALK:
        yield Reason.ASKED_FOR_HUMAN


def _second_try(one: Said, after: Sequence[Said]) -> Said | None:
    if not after or one.intent in SMALL_TALK:
        return None
    other = after[0]
    is_try = not other.is_button and not other.is_form_answer and other.text != one.text
    changed = other.intent not in (one.intent, FALLBACK, OUT_OF_SCOPE, "")
    return other if is_try and changed and other.intent not in SMALL_TALK else None


def _votes(one: Said, after: Sequence[Said]) -> dict[str, float]:
    votes = defaultdict(float, one.ranking)
    if one.intent != FALLBACK or not after:
        return dict(votes)
    chosen = _chosen(one, after)
    if chosen is not None:
        votes[chosen] += CHOSEN_WEIGHT
    elif after[0].intent == NO:
        for intent in one.offered:
            votes.pop(intent, None)
    return dict(votes)


def _chosen(one: Said, after: Sequence[Said]) -> str | None:
    """The guess that the customer took, by its button or by a "yes" (which runs the button's text)."""
    pressed = after[1] if after[0].intent == YES and len(after) > 1 else after[0]
    intent = _intent_of(pressed.text) if pressed.is_button else ""
    return intent if intent in one.offered - {NO, HUMAN} else None
