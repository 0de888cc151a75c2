"""The forms behind some buttons, and what was filled in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.slack.desk import blocks as kit
from channels.slack.desk.words import BUTTONS
from desk.agentdesk.port import Button, Place, Pressed

FORM = "desk.form"
"""The callback id of our forms."""

_VALUE = "value"
_MOST_OPTIONS = 100
_LONGEST_LABEL = 24
_LONGEST_OPTION = 150
_MINUTES = {
    "15": "15 minutes",
    "60": "1 hour",
    "240": "4 hours",
    "1440": "1 day",
    "4320": "3 days",
}
_YES = "yes"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be chosen in forms: outcomes by their word, topics and teams by name."""

    outcomes: Mapping[str, str] = field(
        default_factory=lambda: {
            "solved": "Solved",
            "unsolved": "Not solved",
            "pending": "Waiting for something; leave the ticket pending",
            "spam": "Spam or a mistake",
        }
    )
    topics: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a form is about: it comes back with it."""

    button: Button
    conversation_id: str
    epoch: int
    place: Place


def view(subject: Subject, title: str, options: Options) -> dict[str, Any]:
    """Return the form of a button; ``title`` says whom it is about."""
    blocks = [block for make in _FORMS[subject.button] for block in make(options)]
    kept = {
        "button": subject.button,
        "conversation_id": subject.conversation_id,
        "epoch": subject.epoch,
        "channel": subject.place.channel,
        "thread": subject.place.thread,
    }
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(kept),
        "title": kit.plain(BUTTONS[subject.button], _LONGEST_LABEL),
        "submit": kit.plain(_SUBMITS.get(subject.button, BUTTONS[subject.button]), _LONGEST_LABEL),
        "close": kit.plain("Cancel", _LONGEST_LABEL),
        "blocks": [*kit.context(title), *blocks],
    }


def has_form(button: Button) -> bool:
    """Say whether a button asks for more before it does something."""
    return button in _FORMS


def subject_of(shown: Mapping[str, Any]) -> Subject:
    """Return what a form is about."""
    kept = json.loads(shown["private_metadata"])
    return Subject(
        button=Button(kept["button"]),
        conversation_id=kept["conversation_id"],
        epoch=int(kept["epoch"]),
        place=Place(channel=kept["channel"], thread=kept["thread"]),
    )


def errors(shown: Mapping[str, Any]) -> dict[str, str]:
    """Return what is missing, by the block at which the form says it."""
    subject = subject_of(shown)
    if subject.button in _NEED_WORDS and not _words(shown).strip():
        return {"text": "Write something first."}
    if subject.button is Button.TRANSFER and not _to(shown):
        return {"agent": "Choose a person or a team."}
    return {}


def filled_in(shown: Mapping[str, Any]) -> Pressed:
    """Return what the form says."""
    subject = subject_of(shown)
    minutes = _chosen(shown, "minutes")
    return Pressed(
        button=subject.button,
        conversation_id=subject.conversation_id,
        epoch=subject.epoch,
        text=_words(shown).strip(),
        to=_to(shown),
        minutes=int(minutes) if minutes else None,
        outcome=_chosen(shown, "outcome"),
        topic=_chosen(shown, "topic") or _typed(shown, "topic").strip() or None,
        follow_on=bool(_state(shown, "follow_on").get("selected_options")),
    )


def _message(label: str, *, optional: bool = False) -> Callable[[Options], list[kit.Block]]:
    def make(options: Options) -> list[kit.Block]:
        return [_input("text", label, _area(kit.LONGEST_TEXT), optional=optional)]

    return make


def _people(options: Options) -> list[kit.Block]:
    who = _input("agent", "Person", {"type": "users_select", "action_id": _VALUE}, optional=True)
    if not options.teams:
        return [{**who, "optional": False}]
    teams = _select({name: name for name in options.teams})
    return [who, _input("team", "Or a team", teams, optional=True)]


def _time(options: Options) -> list[kit.Block]:
    return [_input("minutes", "For how long", _select(_MINUTES))]


def _outcome(options: Options) -> list[kit.Block]:
    return [_input("outcome", "Outcome", _select(options.outcomes))]


def _topic(options: Options) -> list[kit.Block]:
    if options.topics:
        return [_input("topic", "Topic", _select({name: name for name in options.topics}))]
    return [_input("topic", "Topic", {**_area(100), "multiline": False}, optional=True)]


def _follow_on(options: Options) -> list[kit.Block]:
    ask = _options({_YES: "Let the bot ask at once how it went"})
    element = {"type": "checkboxes", "action_id": _VALUE, "options": ask}
    return [_input("follow_on", "And then", element, optional=True)]


_FORMS: Mapping[Button, tuple[Callable[[Options], list[kit.Block]], ...]] = {
    Button.SEND_ONCE: (_message("To the customer; the conversation stays with who has it"),),
    Button.NOTE: (_message("Note, not for the customer"),),
    Button.TRANSFER: (_people, _message("What they should know", optional=True)),
    Button.SNOOZE: (_time, _message("Why", optional=True)),
    Button.RESOLVE: (_outcome, _topic, _message("In a sentence", optional=True)),
    Button.RELEASE: (_message("What the bot should know", optional=True), _follow_on),
}
_NEED_WORDS = frozenset({Button.SEND_ONCE, Button.NOTE})
_SUBMITS = {Button.SEND_ONCE: "Send", Button.NOTE: "Keep"}


def _input(block_id: str, label: str, element: kit.Block, *, optional: bool = False) -> kit.Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": kit.plain(label, kit.LONGEST_FIELD),
        "element": element,
        "optional": optional,
    }


def _area(most: int) -> kit.Block:
    return {
        "type": "plain_text_input",
        "action_id": _VALUE,
        "multiline": True,
        "max_length": most,
    }


def _select(values: Mapping[str, str]) -> kit.Block:
    return {"type": "static_select", "action_id": _VALUE, "options": _options(values)}


def _options(values: Mapping[str, str]) -> list[kit.Block]:
    # A value cannot be cut and still be itself.
    fitting = [(value, title) for value, title in values.items() if len(value) <= _LONGEST_OPTION]
    return [
        {"text": kit.plain(title, kit.LONGEST_TITLE), "value": value}
        for value, title in fitting[:_MOST_OPTIONS]
    ]


def _state(shown: Mapping[str, Any], block_id: str) -> Mapping[str, Any]:
    values = shown["state"]["values"]
    found: Mapping[str, Any] = (values.get(block_id) or {}).get(_VALUE) or {}
    return found


def _typed(shown: Mapping[str, Any], block_id: str) -> str:
    return str(_state(shown, block_id).get("value") or "")


def _words(shown: Mapping[str, Any]) -> str:
    return _typed(shown, "text")


def _chosen(shown: Mapping[str, Any], block_id: str) -> str | None:
    option = _state(shown, block_id).get("selected_option") or {}
    return option.get("value") or None


def _to(shown: Mapping[str, Any]) -> str | None:
    return _state(shown, "agent").get("selected_user") or _chosen(shown, "team")
