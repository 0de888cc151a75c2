"""Reading a message inside a form: pure, so that every case is a line in a table of tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from actions.forms.catalogue import ACCOUNT_GOALS, FEEDBACK, FORM_OF
from actions.forms.form import Form, Question, Taking, Value
from actions.heard import Heard
from actions.reading import shape, values

LONGEST_TITLE = 100
"""Characters of a title; a longer answer becomes the description too."""

_SURE_OF_SMALL_TALK = 0.75
"""Short exclamations look like small talk to a classifier: "太慢了" is no thanks."""
_SAYS_NOTHING = frozenset({"", "inform", "affirm", "deny", "nlu_fallback"})
_SOCIAL = frozenset({"greet", "thanks", "goodbye", "bot_challenge", "help"})
_ABOUT_THE_SHOP = frozenset(
    {
        "check_cancellation_fee",
        "check_payment_methods",
        "check_refund_policy",
        "contact_customer_service",
        "delivery_options",
        "delivery_period",
        "opening_hours",
        "recommend_offer",
        "bot_challenge",
        "help",
    }
)
_LOOKED_UP = frozenset(
    {"track_order", "track_refund", "check_invoice", "get_invoice", "ticket_status"}
)
"""Wishes that the shop's data answer at once, so that nobody need read a ticket to do so."""


class Outcome(StrEnum):
    """What a message was to the form."""

    FILLED = "filled"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The slots a message fills, and what to make of it."""

    outcome: Outcome = Outcome.FILLED
    values: Mapping[str, Value] = field(default_factory=dict)
    again: bool = False
    """Whether the question was asked before and another one answered in between."""


def glean(form: Form, heard: Heard) -> dict[str, Value]:
    """Return every slot that the message gives away without being asked."""
    found = ((question.slot, question.glean(heard)) for question in form.questions)
    return {slot: value for slot, value in found if value is not None}


def fill(form: Form, requested: str | None, heard: Heard) -> Filled:
    """Read an answer to the form's question, a correction of an earlier one, or notice that it is neither."""
    question = form.question(requested)
    gleaned = glean(form, heard)
    if heard.intent == "stop_form" and not _only_sounds_like_stopping(question, heard):
        return Filled(outcome=Outcome.INTERRUPTED)
    if shape.is_stop(heard.text) and not heard.is_button:
        return Filled(outcome=Outcome.STOPPED)
    if shape.is_language_wish(heard.text):
        # The desk has switched the language already: nothing filled, only ask again in it.
        return Filled()
    if question is None:
        return Filled(values=gleaned) if gleaned else Filled(outcome=Outcome.INTERRUPTED)
    if heard.is_button:
        return _pressed(form, question, gleaned, heard)
    if question.taking is Taking.VALUE:
        return _value(form, question, gleaned, heard)
    return _words(form, question, gleaned, heard)


def _only_sounds_like_stopping(question: Question | None, heard: Heard) -> bool:
    """Say whether an answer was taken for "never mind": a form must not be dropped for its own answer."""
    if question is None or heard.is_button or shape.speaks_of_stopping(heard.text):
        return False
    return question.taking is not Taking.VALUE or question.answer(heard) is not None


def _pressed(form: Form, question: Question, gleaned: dict[str, Value], heard: Heard) -> Filled:
    if heard.intent != "inform" and heard.intent not in form.intents:
        return Filled(outcome=Outcome.INTERRUPTED)
    if heard.value("skip") is not None and question.skip is not None:
        return Filled(values={question.slot: question.skip})
    answer = question.answer(heard)
    if answer is not None:
        gleaned[question.slot] = answer
    return Filled(values=gleaned) if gleaned else Filled(outcome=Outcome.INTERRUPTED)


def _value(form: Form, question: Question, gleaned: dict[str, Value], heard: Heard) -> Filled:
    answer = question.answer(heard)
    if answer is not None:
        # "10023": the number that was asked for wins over what a pattern took it for.
        gleaned = {**gleaned, question.slot: answer}
    if gleaned:
        if _switches(form, heard):
            return Filled(outcome=Outcome.INTERRUPTED)
        return Filled(values=gleaned)
    if question.skip is not None and (shape.is_skip(heard.text) or heard.intent == "deny"):
        return Filled(values={question.slot: question.skip})
    unknown = shape.is_unknown(heard.text) and not shape.is_question(heard.text)
    if unknown and heard.intent not in FORM_OF:
        return Filled(outcome=Outcome.UNKNOWN)
    if _is_another_wish(heard):
        return Filled(outcome=Outcome.INTERRUPTED)
    if heard.intent == "deny" or shape.is_unknown(heard.text):
        return Filled(outcome=Outcome.UNKNOWN)
    return Filled(outcome=Outcome.UNUSABLE)


def _words(form: Form, question: Question, gleaned: dict[str, Value], heard: Heard) -> Filled:
    if question.skip is not None and shape.is_skip(heard.text):
        return Filled(values={question.slot: question.skip})
    if _is_something_else(form, question, heard):
        return Filled(outcome=Outcome.INTERRUPTED)
    others = {slot: value for slot, value in gleaned.items() if slot != question.slot}
    said = {slot: value for slot, value in others.items() if heard.slots.get(slot) is not None}
    # "Change it to b@example.com" is a whole description of what should be changed.
    corrected = others if question.taking is Taking.WORDS else said
    if corrected and values.only_corrects(heard):
        return Filled(values=corrected)
    # A story mentions things; only a plain correction changes what was said before.
    others = {slot: value for slot, value in others.items() if slot not in said}
    if _only_repeats(form, heard):
        return Filled(outcome=Outcome.UNUSABLE)
    answer = gleaned.get(question.slot) or question.answer(heard)
    if answer is None:
        return Filled(values=others) if others else Filled(outcome=Outcome.UNUSABLE)
    return Filled(values={**({} if question.alone else others), **_fit(question, answer)})


def _only_repeats(form: Form, heard: Heard) -> bool:
    """Say whether the wish was only said again: "I want to complain!!" is not yet what happened."""
    repeats = heard.intent in form.intents and shape.is_command(heard.text)
    return repeats and shape.size(heard.text) <= 5


def _fit(question: Question, answer: Value) -> dict[str, Value]:
    if question.overflow is None or not isinstance(answer, str) or len(answer) <= LONGEST_TITLE:
        return {question.slot: answer}
    return {question.slot: answer[: LONGEST_TITLE - 1].rstrip() + "…", question.overflow: answer}


def _is_another_wish(heard: Heard) -> bool:
    if heard.intent in _SAYS_NOTHING:
        return False
    if heard.confidence < (_SURE_OF_SMALL_TALK if heard.intent in _SOCIAL else 0.4):
        return False
    if heard.intent != "out_of_scope":
        return True
    # A classifier that must choose calls gibberish out of scope; a real request has a shape.
    return shape.is_question(heard.text) or shape.is_request_to_us(heard.text)


def _switches(form: Form, heard: Heard) -> bool:
    """Say whether a message with a value wants another thing done with it: "10023, and cancel it"."""
    other = FORM_OF.get(heard.intent)
    if other is None or heard.confidence < 0.55 or values.only_corrects(heard):
        return False
    if form is FEEDBACK and shape.size(heard.text) <= 3:
        # "terrible" is a score here, whatever else it sounds like.
        return False
    if other is form:
        return len(form.intents) > 1 and heard.intent != heard.slots.get("goal")
    # "I want a refund" is no other thing than to complain, and the other way round.
    return other.name != "feedback_form"


def _is_something_else(form: Form, question: Question, heard: Heard) -> bool:
    length = shape.size(heard.text)
    asks = shape.is_question(heard.text)
    if heard.intent in _SAYS_NOTHING:
        return False
    if heard.intent == "contact_human_agent":
        sure = 0.5 if question.taking is Taking.WORDS else 0.7
        return heard.confidence >= sure and length <= 10 and shape.names_person(heard.text)
    if heard.intent in _SOCIAL and heard.confidence >= _SURE_OF_SMALL_TALK and length <= 4:
        # Who is asked how it was may well answer "thanks, very nice".
        return heard.intent != "thanks" or form is not FEEDBACK
    if shape.is_request_to_us(heard.text):
        return heard.intent == "out_of_scope"
    if heard.intent == "out_of_scope" or shape.is_plea(heard.text):
        # Words of their own are what was asked for, whatever they remind the classifier of.
        return False
    if asks:
        return _asks_us(form, question, heard, length)
    return _commands_us(form, question, heard, length)


def _asks_us(form: Form, question: Question, heard: Heard, length: int) -> bool:
    """Say whether a question is one for us to answer, not one for whoever reads the form."""
    if shape.is_reproach(heard.text) or length > 12 or heard.intent in form.intents:
        return False
    if heard.intent in _LOOKED_UP:
        return heard.confidence >= 0.6
    # Nobody answers what stands in a comment to a rating.
    served = question.taking is Taking.WORDS or form is FEEDBACK or heard.intent in _ABOUT_THE_SHOP
    return heard.confidence >= 0.5 and served


def _commands_us(form: Form, question: Question, heard: Heard, length: int) -> bool:
    """Say whether a command is another wish; where a story is asked for, only what we look up is."""
    if not shape.is_command(heard.text) or length > 8 or heard.intent in form.intents:
        return False
    if question.taking is Taking.STORY and form is not FEEDBACK:
        return heard.confidence >= 0.7 and heard.intent in _LOOKED_UP
    return (
        heard.confidence >= 0.6
        and (heard.intent in FORM_OF or heard.intent in _ABOUT_THE_SHOP)
        and heard.intent not in ACCOUNT_GOALS | {"complaint", "get_refund"}
    )
