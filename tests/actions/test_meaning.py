"""What was asked before decides what a message means, whatever the classifier made of it."""

from typing import Any

import pytest

from actions.answer import Answer
from actions.forms.catalogue import COMPLAINT, ORDER
from actions.forms.checks import ValidateComplaintForm, ValidateOrderForm
from actions.goal import SetGoal
from actions.lookup import Lookup
from actions.submit import SubmitComplaint
from actions.talk import Affirm, Deny, Fallback, Inform
from tests.actions.twins import Shop, run, tracker

SCORE = {"pending": {"kind": "score"}}


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.mark.parametrize(
    ("text", "intent", "carried"),
    [
        ("5 stars", "review", '{"score": "5"}'),
        ("非常满意", "complaint", '{"score": "5"}'),
        (
            "2/5, nobody could help me",
            "nlu_fallback",
            '{"score": "2", "comment": "2/5, nobody could help me"}',
        ),
    ],
)
async def test_a_score_is_heard_whatever_its_intent(
    shop: Shop, text: str, intent: str, carried: str
) -> None:
    for action in (Answer, SetGoal, Fallback):
        done = await run(action(shop.services()), tracker(text, intent, slots=SCORE))
        assert done.continued == [f"/give_feedback{carried}"]
        assert not done.messages


async def test_a_score_asked_for_by_the_desk_needs_no_slot(shop: Shop) -> None:
    silent = await run(Answer(shop.services()), tracker("5 stars", "review"))
    assert not silent.continued
    shop.feedback.awaits = True
    asked = await run(Answer(shop.services()), tracker("5 stars", "review"))
    assert asked.continued == ['/give_feedback{"score": "5"}']
    cancelling = {"pending": {"kind": "cancel_order", "order": "10023"}}
    other = await run(Affirm(shop.services()), tracker("perfect", "affirm", slots=cancelling))
    assert not other.continued, "the last question was another one"


async def test_ok_is_no_score_and_asks_for_one(shop: Shop) -> None:
    done = await run(Affirm(shop.services()), tracker("ok", "affirm", slots=SCORE))
    assert done.continued == ["/give_feedback"]


async def test_no_I_meant_another_number_is_a_correction(shop: Shop) -> None:
    entities = {"order_number": "10023"}
    corrected = tracker("no I meant 10023", "deny", entities=entities)
    done = await run(Deny(shop.services()), corrected)
    assert done.continued == ['/inform{"order_number": "10023"}']
    refused = tracker("no, leave 10023 alone", "deny", entities=entities, slots=dict(SCORE))
    assert not (await run(Deny(shop.services()), refused)).continued


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("how much is the glass teapot", ["- Glass teapot: $34.90, in stock"]),
        ("do you have lamps", ["Desk lamp: $49.90, only 2 left", "Floor lamp: $129.00, sold out"]),
        ("any candles left?", ["- Candle: $17.90"]),
    ],
)
async def test_price_and_stock_come_from_the_shop(shop: Shop, text: str, lines: list[str]) -> None:
    asked = await run(Fallback(shop.services()), tracker(text, "nlu_fallback"))
    (going_on,) = asked.continued
    at = tracker(going_on, "place_order", entities={"product": text})
    done = await run(Answer(shop.services()), at)
    assert done.said == ["utter_products"]
    assert all(line in done.text() for line in lines), done.text()


@pytest.mark.parametrize(
    ("text", "entities", "said"),
    [
        ("i want to buy a red teapot", {}, ["utter_products_close"]),
        ("headphones please", {"product": "headphones"}, ["utter_no_such_product"]),
        ("有货吗", {}, ["utter_which_product"]),
        ("how do i order", {}, []),
    ],
)
async def test_what_the_shop_does_not_have_is_said_so(
    shop: Shop, text: str, entities: dict[str, str], said: list[str]
) -> None:
    done = await run(Answer(shop.services()), tracker(text, "place_order", entities=entities))
    assert done.said == said
    assert done.text()


@pytest.mark.parametrize("text", ["多少钱", "how much?", "现在还有货吗"])
async def test_a_bare_question_for_price_asks_which(shop: Shop, text: str) -> None:
    asked = await run(Answer(shop.services()), tracker(text, "check_cancellation_fee"))
    (going_on,) = asked.continued
    at = tracker(going_on, "place_order", entities={"product": text})
    assert (await run(Answer(shop.services()), at)).said == ["utter_which_product"]


@pytest.mark.parametrize(
    ("text", "before", "complains"),
    [
        ("yes", (), True),
        ("有，少了一个", (), True),
        ("ok", (), False),
        ("yes", ("action_answer",), False),
    ],
)
async def test_yes_to_is_anything_damaged_complains_and_ok_does_not(
    shop: Shop, text: str, before: tuple[str, ...], complains: bool
) -> None:
    slots = {"pending": {"kind": "damage", "yes": "/complaint"}}
    at = tracker(text, "affirm", slots=slots, before=before)
    done = await run(Affirm(shop.services()), at)
    assert bool(done.continued) is complains


@pytest.mark.parametrize(("text", "going_on"), [("还是不行", ["/open_ticket"]), ("no thanks", [])])
async def test_advice_that_did_not_help_opens_a_ticket(
    shop: Shop, text: str, going_on: list[str]
) -> None:
    told = await run(Answer(shop.services()), tracker("forgot it", "recover_password"))
    assert told.said[-1] == "utter_or_ticket"
    at = tracker(text, "deny", slots={"pending": told.slots["pending"]})
    assert (await run(Deny(shop.services()), at)).continued == going_on


async def test_a_name_alone_answers_which_product(shop: Shop) -> None:
    slots = {"pending": {"kind": "product"}}
    named = await run(Inform(shop.services()), tracker("台灯", "inform", slots=slots))
    assert named.continued == ['/place_order{"product": "台灯"}']
    unasked = await run(Inform(shop.services()), tracker("台灯", "inform"))
    assert not unasked.continued


@pytest.mark.parametrize(
    "text",
    ["how much is the refund for the lamp", "do you have my lamp order", "有没有台灯的优惠"],
)
async def test_words_about_orders_and_offers_are_no_question_for_a_price(
    shop: Shop, text: str
) -> None:
    done = await run(Fallback(shop.services()), tracker(text, "nlu_fallback"))
    assert not done.continued


async def test_broken_goods_are_a_complaint_about_the_order_we_spoke_of(shop: Shop) -> None:
    shop.commerce.known = True
    told = await run(
        Inform(shop.services()), tracker("the teapot arrived broken", "inform", slots={})
    )
    assert told.continued == ["the teapot arrived broken"]
    at = tracker(
        "the teapot arrived broken",
        "complaint",
        slots={"matched_order": "10031"},
        active="complaint_form",
        started=True,
        earlier=("action_lookup",),
    )
    start = await run(ValidateComplaintForm(shop.services(), COMPLAINT), at)
    assert start.said == ["utter_please_complaint_wish_known"]
    assert start.slots["about_order"] == "10031"
    assert start.slots["reason"] == "the teapot arrived broken"


async def test_an_order_we_spoke_of_earlier_is_only_offered(shop: Shop) -> None:
    shop.commerce.known = True
    validate = ValidateComplaintForm(shop.services(), COMPLAINT)
    slots: dict[str, Any] = {"matched_order": "10031", "requested_slot": "reason"}
    told = await run(
        validate,
        tracker("nobody ever answers the phone", "inform", slots=slots, active="complaint_form"),
    )
    assert told.said == ["utter_please_about_order"]
    assert [one["payload"] for one in told.messages[0]["buttons"]] == [
        '/inform{"order_number": "10031"}'
    ]
    slots |= {"reason": "nobody answers", "requested_slot": "about_order"}
    yes = await run(validate, tracker("yes", "affirm", slots=slots, active="complaint_form"))
    assert yes.slots["about_order"] == "10031"


@pytest.mark.parametrize(("number", "proved"), [("10031", True), ("10042", False)])
async def test_a_complaint_tells_whether_the_order_was_proved(
    shop: Shop, number: str, proved: bool
) -> None:
    shop.commerce.known = True
    slots = {"reason": "late", "about_order": number, "wish": "call back"}
    await run(SubmitComplaint(shop.services()), tracker("x", "inform", slots=slots))
    (ticket,) = shop.tickets.opened.values()
    assert ticket.order_number == (number if proved else None)
    assert ("not verified" in ticket.description) is not proved


async def test_after_the_lock_nothing_is_asked_for_and_the_ticket_is_named(shop: Shop) -> None:
    shop.commerce.wrong = 3
    validate = ValidateOrderForm(shop.services(), ORDER)
    for entities in ({"order_number": "10042"}, {}):
        at = tracker(
            "10042" if entities else "where is my order",
            "track_order",
            entities=entities,
            slots={"goal": "track_order"},
            active="order_form",
            started=True,
        )
        done = await run(validate, at)
        assert done.slots["outcome"] == "still_locked T-000001"
        assert not done.said
    said = await run(Lookup(shop.services()), tracker("10042", "inform", slots=dict(done.slots)))
    assert "T-000001" in said.text()
    proof = tracker("d@example.com", "inform", entities={"email": "d@example.com"})
    assert (await run(Inform(shop.services()), proof)).continued == ["/track_order"]


@pytest.mark.parametrize("kind", ["cancel_order", "delete_account"])
@pytest.mark.parametrize(
    "text",
    [
        "nope, keep it as it is",
        "no don't cancel it",
        "please do not delete it",
        "别取消",
        "不注销了",
    ],
)
async def test_a_refusal_is_never_taken_for_a_yes(shop: Shop, kind: str, text: str) -> None:
    slots = {"pending": {"kind": kind, "order": "10042"}}
    for action, intent in ((Affirm, "affirm"), (SetGoal, kind)):
        done = await run(action(shop.services()), tracker(text, intent, slots=slots))
        assert done.continued == ["/deny"]
    assert not shop.tickets.opened


@pytest.mark.parametrize(
    "text", ["yes", "yes please cancel it", "取消吧", "好的", "不要了，取消吧"]
)
async def test_a_yes_stays_a_yes(shop: Shop, text: str) -> None:
    slots = {"pending": {"kind": "cancel_order", "order": "10042"}}
    done = await run(Affirm(shop.services()), tracker(text, "affirm", slots=slots))
    assert done.said == ["utter_cancel_asked"]
