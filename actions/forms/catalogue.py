"""The six forms, their questions, and which wish starts which."""

from actions.forms.form import Form, Question, Reader, Taking, Value
from actions.heard import Heard
from actions.reading import rating, shape, values

ACCOUNT_GOALS = frozenset({"edit_account", "delete_account", "switch_account"})
ORDER_GOALS = frozenset(
    {"track_order", "cancel_order", "change_order", "check_invoice", "get_invoice", "track_refund"}
)
NOT_GIVEN = "-"
"""The value of a question that was skipped."""
HERE = "here"
ON_FILE = "on_file"


def _nothing(_: Heard) -> Value | None:
    return None


def _words(heard: Heard) -> Value | None:
    if heard.is_button or not shape.says_something(heard.text):
        return None
    return heard.text


def _story_at_once(heard: Heard) -> Value | None:
    """Return what happened when the wish to complain tells it: "the teapot arrived broken"."""
    if heard.is_button or heard.intent != "complaint" or heard.slots.get("reason") is not None:
        return None
    tells = shape.size(heard.text) >= 3 and not shape.is_command(heard.text)
    asks = shape.is_question(heard.text) and not shape.is_plea(heard.text)
    return heard.text if tells and not asks else None


def _carried(entity: str) -> Reader:
    return lambda heard: heard.value(entity)


def _wish(heard: Heard) -> Value | None:
    return heard.value("wish") or _words(heard)


def _number(heard: Heard) -> Value | None:
    return values.order_number(heard) or values.bare_number(heard)


def _contact(heard: Heard) -> Value | None:
    found = heard.value("contact") or values.contact(heard, loosely=True)
    return found or (HERE if shape.is_here(heard.text) else None)


def _address(heard: Heard) -> Value | None:
    if heard.is_button:
        return None
    return values.address_inside(heard.text) or values.address(heard.text)


def _number_beside_address(heard: Heard) -> Value | None:
    number, address = values.order_number(heard), values.address_inside(heard.text)
    return None if number and address and number in address else number


def _score(heard: Heard) -> Value | None:
    return rating.rating(heard.value("score") or heard.text)


def _score_inside(heard: Heard) -> Value | None:
    if heard.value("score") is not None:
        return _score(heard)
    return rating.with_unit(heard.text) if heard.intent == "give_feedback" else None


def _comment_beside_score(heard: Heard) -> Value | None:
    typed = not heard.is_button and heard.slots.get("score") is None
    return heard.value("comment") or (rating.comment(heard.text) if typed else None)


_ORDER_NUMBER = Question(slot="order_number", answer=_number, glean=values.order_number)
_CONTACT_PROOF = Question(
    slot="contact_proof",
    answer=lambda heard: values.contact(heard, loosely=True),
    glean=values.contact,
)
_REASON = Question(
    slot="reason", answer=_words, glean=_nothing, taking=Taking.WORDS, skip=NOT_GIVEN
)
_WISH = Question(
    slot="wish", answer=_wish, glean=_carried("wish"), taking=Taking.STORY, skip=NOT_GIVEN
)

ORDER = Form(
    name="order_form",
    questions=(_ORDER_NUMBER, _CONTACT_PROOF),
    intents=ORDER_GOALS | ACCOUNT_GOALS,
)
REFUND = Form(
    name="refund_form",
    questions=(_ORDER_NUMBER, _CONTACT_PROOF, _REASON, _WISH),
    intents=frozenset({"get_refund"}),
    resume="get_refund",
)
COMPLAINT = Form(
    name="complaint_form",
    questions=(
        Question(slot="reason", answer=_words, glean=_story_at_once, taking=Taking.STORY),
        Question(slot="about_order", answer=_number, glean=values.order_number, skip=NOT_GIVEN),
        _WISH,
    ),
    intents=frozenset({"complaint"}),
    resume="complaint",
)
ADDRESS = Form(
    name="address_form",
    questions=(
        Question(slot="order_number", answer=_number, glean=_number_beside_address),
        _CONTACT_PROOF,
        Question(
            slot="address",
            answer=_address,
            glean=lambda heard: heard.value("address") or values.address_inside(heard.text),
            taking=Taking.WORDS,
            alone=True,
        ),
    ),
    intents=frozenset({"change_shipping_address"}),
    resume="change_shipping_address",
)
TICKET = Form(
    name="ticket_form",
    questions=(
        Question(
            slot="title",
            answer=_words,
            glean=_carried("title"),
            taking=Taking.WORDS,
            overflow="description",
        ),
        Question(slot="description", answer=_words, glean=_nothing, taking=Taking.STORY),
        Question(
            slot="priority",
            answer=lambda heard: values.priority(heard, loosely=True),
            glean=values.priority,
            skip="normal",
        ),
        Question(
            slot="contact",
            answer=_contact,
            glean=lambda heard: heard.value("contact") or values.contact(heard),
            skip=HERE,
        ),
    ),
    intents=frozenset({"open_ticket"}),
    resume="open_ticket",
)
FEEDBACK = Form(
    name="feedback_form",
    questions=(
        Question(slot="score", answer=_score, glean=_score_inside),
        Question(
            slot="comment",
            answer=_words,
            glean=_comment_beside_score,
            taking=Taking.STORY,
            skip=NOT_GIVEN,
        ),
    ),
    intents=frozenset({"give_feedback"}),
)

FORMS = {form.name: form for form in (ORDER, REFUND, COMPLAINT, ADDRESS, TICKET, FEEDBACK)}
FORM_OF = {intent: form for form in FORMS.values() for intent in form.intents}
CONTEXT = frozenset({"order_number", "contact_proof"})
"""Slots that outlive a form, so that "and the invoice?" needs no second order number."""
