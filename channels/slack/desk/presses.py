"""Pressed buttons, filled-in forms and commands, as actions. Pure, as the events are."""

from collections.abc import Mapping, Sequence
from typing import Any

from channels.slack.desk import forms
from channels.slack.desk.card import BUTTON
from channels.slack.desk.events import when
from channels.slack.desk.lines import HELD, RETRY
from desk.agentdesk.port import (
    Action,
    Button,
    Choice,
    Commanded,
    Deed,
    Held,
    Person,
    Place,
    Pressed,
    Retried,
)
from desk.clock import Clock

type Raw = Mapping[str, Any]

_DOUBLE_CLICK = 10
"""Seconds in which pressing again is the same press; after a refusal people may try once more."""


def read_presses(raw: Raw) -> Sequence[Action]:
    """Return what pressed buttons say; one with a form says nothing before that is filled in."""
    found = (_pressed(raw, action) for action in raw["actions"])
    return [one for one in found if one is not None]


def read_form(raw: Raw, clock: Clock) -> Sequence[Action]:
    """Return what a filled-in form says; nothing if it must be corrected first."""
    shown = raw["view"]
    if shown.get("callback_id") != forms.FORM or forms.errors(shown):
        return ()
    place = forms.subject_of(shown).place
    return [
        Action(
            external_id=f"form:{shown['id']}",
            person=_person(raw["user"]),
            at=clock(),
            deed=forms.filled_in(shown),
            place=place,
        )
    ]


def read_command(raw: Raw, clock: Clock) -> Sequence[Action]:
    """Return what ``/frontdesk WORD ARGUMENT`` says."""
    word, _, argument = str(raw.get("text") or "").strip().partition(" ")
    place = Place(channel=raw["channel_id"])
    deed = Commanded(place=place, word=word.lower() or "help", argument=argument.strip())
    person = Person(external_id=raw["user_id"], name=raw.get("user_name") or "")
    external_id = f"command:{raw['trigger_id']}"
    return [Action(external_id=external_id, person=person, at=clock(), deed=deed, place=place)]


def wanted(raw: Raw) -> forms.Subject | None:
    """Return what a form was asked for by a press; None if by none."""
    for action in raw["actions"]:
        button = _button(action)
        if button is not None and forms.has_form(button):
            conversation_id, epoch = _value(action)
            place = place_of(raw)
            return forms.Subject(
                button=button, conversation_id=conversation_id, epoch=epoch, place=place
            )
    return None


def is_answer(raw: Raw) -> bool:
    """Say whether a press answers a question about held words."""
    return any(str(action.get("action_id")).startswith(HELD) for action in raw["actions"])


def place_of(raw: Raw) -> Place:
    """Return the thread in which something was pressed; a person's own page is in no channel."""
    container = raw.get("container") or {}
    message = raw.get("message") or {}
    thread = container.get("thread_ts") or message.get("thread_ts") or container.get("message_ts")
    channel = container.get("channel_id") or ""
    return Place(channel=channel, thread=(thread or "") if channel else "")


def _pressed(raw: Raw, action: Raw) -> Action | None:
    name, user, at = str(action.get("action_id")), raw["user"], action["action_ts"]
    place = place_of(raw)
    lately = f"{user['id']}:{int(float(at)) // _DOUBLE_CLICK}"
    button = _button(action)
    if button is not None and not forms.has_form(button):
        conversation_id, epoch = _value(action)
        press = Pressed(button=button, conversation_id=conversation_id, epoch=epoch)
        return _action(
            f"press:{button}:{conversation_id}:{epoch}:{lately}", user, at, press, place
        )
    if name.startswith(HELD):
        question, place, held = _held(action)
        answer = Held(place=place, message=held, choice=Choice(name.removeprefix(HELD)))
        # A question is answered once, whatever the first answer was.
        return _action(f"held:{user['id']}:{question}", user, at, answer, place)
    if name == RETRY:
        again = Retried(message_id=int(action["value"]))
        return _action(f"retry:{action['value']}:{lately}", user, at, again, place)
    return None


def _action(external_id: str, user: Raw, at: str, deed: Deed, place: Place) -> Action:
    return Action(
        external_id=external_id, person=_person(user), at=when(at), deed=deed, place=place
    )


def _button(action: Raw) -> Button | None:
    name = str(action.get("action_id"))
    word = name.removeprefix(BUTTON)
    return Button(word) if name.startswith(BUTTON) and word in set(Button) else None


def _value(action: Raw) -> tuple[str, int]:
    conversation_id, _, epoch = str(action["value"]).rpartition(":")
    return conversation_id, int(epoch)


def _held(action: Raw) -> tuple[str, Place, str]:
    question, channel, thread, held = str(action["value"]).rsplit("|", 3)
    return question, Place(channel=channel, thread=thread), held


def _person(user: Raw) -> Person:
    return Person(external_id=user["id"], name=user.get("name") or user.get("username") or "")
