"""The forms with the shop behind them: nothing about an order before its owner is known."""

from datetime import timedelta
from typing import Any

import pytest

from actions.forms.catalogue import ADDRESS, COMPLAINT, FEEDBACK, ORDER, REFUND, TICKET
from actions.forms.checks import (
    ValidateAddressForm,
    ValidateFeedbackForm,
    ValidateOrderForm,
    ValidateRefundForm,
    ValidateTicketForm,
)
from actions.forms.rulings import address_ruling, refund_ruling
from actions.forms.validate import ValidateForm
from desk.tables.shop import OrderStatus, RefundStatus
from tests.actions.twins import NOW, Shop, order, refund, run, tracker


def asking(slot: str, **slots: Any) -> dict[str, Any]:
    return {"requested_slot": slot, "goal": "track_order", "language": "en", **slots}


async def test_the_number_is_asked_for_then_the_proof_then_the_form_is_done() -> None:
    shop = Shop()
    validate = ValidateOrderForm(shop.services(), ORDER)
    start = await run(
        validate, tracker("where is my order", "track_order", active="order_form", started=True)
    )
    assert start.said == ["utter_please_order_number"]
    assert start.slots["requested_slot"] == "order_number"
    number = await run(
        validate,
        tracker(
            "10023",
            "inform",
            entities={"order_number": "10023"},
            slots=asking("order_number"),
            active="order_form",
        ),
    )
    assert number.said == ["utter_please_contact_proof"]
    proof = await run(
        validate,
        tracker(
            "ana@example.com",
            "inform",
            entities={"email": "ana@example.com"},
            slots=asking("contact_proof", order_number="10023"),
            active="order_form",
        ),
    )
    assert proof.said == []
    assert proof.slots["requested_slot"] is None
    assert proof.slots["matched_order"] == "10023"
    assert proof.slots["contact_proof"] is None, "the proof is not kept longer than needed"
    assert shop.commerce.keys == ["m1:validate_order_form"]


async def test_a_wrong_pair_says_nothing_of_which_part_and_three_leave_one_ticket() -> None:
    shop = Shop()
    validate = ValidateOrderForm(shop.services(), ORDER)
    said, outcomes = [], []
    for proof in ("b@example.com", "c@example.com", "d@example.com", "ana@example.com"):
        at = tracker(
            proof,
            "inform",
            entities={"email": proof},
            slots=asking("contact_proof", order_number="10023"),
            active="order_form",
        )
        done = await run(validate, at)
        said += done.said
        outcomes.append(done.slots.get("outcome"))
    assert said == ["utter_match_wrong", "utter_match_wrong"]
    locked = "locked T-000001"
    assert outcomes == [None, None, locked, locked], "the right proof comes too late"
    assert [ticket.topic for ticket in shop.tickets.opened.values()] == ["other"]


async def test_somebody_elses_order_needs_its_own_proof() -> None:
    shop = Shop()
    shop.commerce.known = True
    validate = ValidateOrderForm(shop.services(), ORDER)
    at = tracker(
        "where is 10042",
        "track_order",
        entities={"order_number": "10042"},
        active="order_form",
        started=True,
    )
    done = await run(validate, at)
    assert done.said == ["utter_please_other_proof"]
    assert done.slots["requested_slot"] == "contact_proof"
    assert "matched_order" not in done.slots


async def test_a_known_customer_picks_from_a_list_also_in_words() -> None:
    shop = Shop()
    shop.commerce.known = True
    validate = ValidateOrderForm(shop.services(), ORDER)
    start = await run(
        validate, tracker("where is my order", "track_order", active="order_form", started=True)
    )
    assert start.said == ["utter_please_pick_order"]
    assert [button["payload"] for button in start.messages[0]["buttons"]] == [
        '/inform{"order_number": "10023"}',
        '/inform{"order_number": "10031"}',
    ]
    second = await run(
        validate,
        tracker(
            "the second one",
            "inform",
            entities={"reference": "second one"},
            slots=asking("order_number"),
            active="order_form",
        ),
    )
    assert second.slots["matched_order"] == "10031"
    assert second.slots["requested_slot"] is None


async def test_an_interruption_rejects_and_the_question_is_asked_again_afterwards() -> None:
    validate = ValidateOrderForm(Shop().services(), ORDER)
    slots = asking("contact_proof", order_number="10023")
    question = tracker("how can i pay?", "check_payment_methods", slots=slots, active="order_form")
    assert (await run(validate, question)).events == []
    back = tracker(
        "how can i pay?",
        "check_payment_methods",
        slots=slots,
        active="order_form",
        done=("action_answer",),
    )
    assert (await run(validate, back)).said == ["utter_again_contact_proof"]


async def test_an_unusable_answer_is_explained_and_after_three_a_way_out_is_offered() -> None:
    validate = ValidateOrderForm(Shop().services(), ORDER)
    said, tries = [], 0
    for _ in range(3):
        slots = asking("order_number", tries=tries)
        done = await run(
            validate, tracker("asdf", "nlu_fallback", slots=slots, active="order_form")
        )
        said += done.said
        tries = done.slots["tries"]
    assert said == ["utter_unusable_order_number", "utter_unusable_order_number", "utter_stuck"]


async def test_never_mind_ends_the_form_even_if_it_sounds_like_another_wish() -> None:
    validate = ValidateRefundForm(Shop().services(), REFUND)
    done = await run(
        validate, tracker("cancel", "cancel_order", slots=asking("reason"), active="refund_form")
    )
    assert (done.slots["outcome"], done.slots["requested_slot"]) == ("stopped", None)


async def test_a_refund_that_cannot_be_is_said_before_more_questions() -> None:
    shop = Shop()
    shop.commerce.known = True
    shop.commerce.orders[1] = order(
        "10031", OrderStatus.DELIVERED, refunds=(refund(RefundStatus.PAID),)
    )
    at = tracker(
        "refund for 10031",
        "get_refund",
        entities={"order_number": "10031"},
        active="refund_form",
        started=True,
    )
    done = await run(ValidateRefundForm(shop.services(), REFUND), at)
    assert (done.slots["outcome"], done.slots["requested_slot"]) == ("already_refunded", None)


async def test_an_address_is_asked_for_only_while_it_can_be_changed() -> None:
    shop = Shop()
    shop.commerce.known = True
    shop.commerce.orders[1] = order("10031", OrderStatus.PACKED)
    outcomes = {}
    for number in ("10023", "10031"):
        at = tracker(
            f"new address for {number}",
            "change_shipping_address",
            entities={"order_number": number},
            active="address_form",
            started=True,
        )
        done = await run(ValidateAddressForm(shop.services(), ADDRESS), at)
        outcomes[number] = (done.slots.get("outcome"), done.said)
    assert outcomes == {"10023": ("already_sent", []), "10031": (None, ["utter_please_address"])}


async def test_a_score_is_kept_at_once() -> None:
    shop = Shop()
    pressed = '/give_feedback{"score": "1"}'
    at = tracker(
        pressed, "give_feedback", entities={"score": "1"}, active="feedback_form", started=True
    )
    done = await run(ValidateFeedbackForm(shop.services(), FEEDBACK), at)
    assert shop.feedback.scores == {"m1:validate_feedback_form": 1}
    assert done.said == ["utter_please_comment_low"]


async def test_a_ticket_offers_the_address_on_file_to_those_we_know() -> None:
    shop = Shop()
    shop.commerce.known = True
    filled = {"title": "lamp", "description": "flickers", "requested_slot": "priority"}
    at = tracker(
        "high", "inform", entities={"priority": "high"}, slots=filled, active="ticket_form"
    )
    done = await run(ValidateTicketForm(shop.services(), TICKET), at)
    assert done.messages[0]["buttons"][0]["title"] == "an•••@example.com"


async def test_a_complaint_needs_no_order() -> None:
    at = tracker(
        "no",
        "deny",
        slots={"reason": "rude", "requested_slot": "about_order"},
        active="complaint_form",
    )
    done = await run(ValidateForm(Shop().services(), COMPLAINT), at)
    assert done.slots["about_order"] == "-"
    assert done.said == ["utter_please_complaint_wish"]


@pytest.mark.parametrize(
    ("status", "days_ago", "refunds", "ruling"),
    [
        (OrderStatus.SHIPPED, None, (), None),
        (OrderStatus.DELIVERED, 29, (), None),
        (OrderStatus.DELIVERED, 31, (), "too_late"),
        (OrderStatus.PROCESSING, None, (), "not_sent"),
        (OrderStatus.PACKED, None, (), "not_sent"),
        (OrderStatus.CANCELLED, None, (), "cancelled"),
        (OrderStatus.RETURNED, 40, (), "returned"),
        (OrderStatus.DELIVERED, 5, (refund(RefundStatus.REQUESTED),), "already_refunded"),
        (OrderStatus.DELIVERED, 5, (refund(RefundStatus.REJECTED),), None),
    ],
)
def test_refund_rulings(
    status: OrderStatus, days_ago: int | None, refunds: Any, ruling: str | None
) -> None:
    delivered = None if days_ago is None else NOW - timedelta(days=days_ago)
    about = order("10031", status, delivered_at=delivered, refunds=refunds)
    assert refund_ruling(about, window_days=30, now=NOW) == ruling


@pytest.mark.parametrize(
    ("status", "can_change", "ruling"),
    [
        (OrderStatus.PROCESSING, True, None),
        (OrderStatus.SHIPPED, False, "already_sent"),
        (OrderStatus.DELIVERED, False, "delivered"),
        (OrderStatus.CANCELLED, True, "cancelled"),
    ],
)
def test_address_rulings(status: OrderStatus, can_change: bool, ruling: str | None) -> None:
    assert address_ruling(order("10031", status), can_change=can_change) == ruling
