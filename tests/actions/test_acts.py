"""The other actions: what they say, what they do once, and what they remember."""

from datetime import timedelta
from typing import Any

import pytest

from actions.answer import Answer, Consent, newsletter_wish
from actions.goal import SetGoal, StopForm
from actions.lookup import Lookup
from actions.people import AskForPerson, Goodbye, TicketStatus
from actions.submit import SubmitRefund, SubmitTicket
from actions.talk import Affirm, Deny, Fallback, Inform
from desk.handoff.service import Outlook
from desk.tables.shop import OrderStatus, RefundStatus
from tests.actions.messages import heard
from tests.actions.twins import NOW, Shop, order, refund, run, tracker


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.commerce.known = True
    return shop


@pytest.mark.parametrize(
    ("status", "changes", "fragments"),
    [
        (
            OrderStatus.PROCESSING,
            {},
            ("10023", "being prepared", "Lamp × 2", "Sunday, 28 February"),
        ),
        (OrderStatus.SHIPPED, {}, ("UPS", "LL1", "has been on its way", "Friday, 5 March")),
        (OrderStatus.SHIPPED, {"expected_at": NOW - timedelta(days=1)}, ("sorry it is late",)),
        (OrderStatus.SHIPPED, {"tracking_number": None}, ("no arrival date",)),
        (OrderStatus.DELIVERED, {"delivered_at": NOW}, ("was delivered on Wednesday, 3 March",)),
        (OrderStatus.CANCELLED, {}, ("has been cancelled",)),
    ],
)
async def test_where_an_order_is(
    shop: Shop, status: OrderStatus, changes: dict[str, Any], fragments: tuple[str, ...]
) -> None:
    shop.commerce.orders[0] = order("10023", status, **changes)
    slots = {"goal": "track_order", "order_number": "10023"}
    done = await run(Lookup(shop.services()), tracker("where", "track_order", slots=slots))
    assert all(fragment in done.text() for fragment in fragments), done.text()


async def test_a_lookup_without_proof_or_of_another_persons_order_shows_nothing(
    shop: Shop,
) -> None:
    slots = {"goal": "track_order", "order_number": "10042", "matched_order": "10042"}
    foreign = await run(Lookup(shop.services()), tracker("where", "track_order", slots=slots))
    assert foreign.said == ["utter_proof_expired"]
    shop.commerce.known = False
    slots["order_number"] = "10023"
    unknown = await run(Lookup(shop.services()), tracker("where", "track_order", slots=slots))
    assert unknown.said == ["utter_proof_expired"]


@pytest.mark.parametrize(
    ("goal", "status", "refunds", "said"),
    [
        ("check_invoice", OrderStatus.SHIPPED, (), ["utter_invoice_paid"]),
        ("get_invoice", OrderStatus.SHIPPED, (), ["utter_invoice_link"]),
        ("track_refund", OrderStatus.SHIPPED, (), ["utter_no_refund"]),
        (
            "track_refund",
            OrderStatus.DELIVERED,
            (refund(RefundStatus.APPROVED),),
            ["utter_refund_approved"],
        ),
        ("cancel_order", OrderStatus.PROCESSING, (), ["utter_confirm_cancel"]),
        ("cancel_order", OrderStatus.PACKED, (), ["utter_confirm_cancel_fee"]),
        ("cancel_order", OrderStatus.SHIPPED, (), ["utter_cannot_cancel"]),
        ("cancel_order", OrderStatus.CANCELLED, (), ["utter_track_cancelled"]),
        ("change_order", OrderStatus.SHIPPED, (), ["utter_cannot_change"]),
        ("change_order", OrderStatus.PACKED, (), ["utter_can_change"]),
        (
            "delete_account",
            OrderStatus.SHIPPED,
            (),
            ["utter_account", "utter_confirm_delete_account"],
        ),
        ("edit_account", OrderStatus.SHIPPED, (), ["utter_account", "utter_ask_edit_account"]),
    ],
)
async def test_what_is_said_to_each_goal(
    shop: Shop, goal: str, status: OrderStatus, refunds: Any, said: list[str]
) -> None:
    shop.commerce.orders[0] = order("10023", status, refunds=refunds)
    slots = {"goal": goal, "order_number": "10023"}
    done = await run(Lookup(shop.services()), tracker("x", goal, slots=slots))
    assert done.said == said
    for language in ("en", "zh"):
        assert done.text(language)


async def test_a_cancellation_is_asked_for_once_and_only_after_yes(shop: Shop) -> None:
    pending = {"kind": "cancel_order", "order": "10023"}
    for _ in range(2):  # the second time is a retry of the same message
        done = await run(
            Affirm(shop.services()), tracker("yes", "affirm", slots={"pending": pending})
        )
        assert done.said == ["utter_cancel_asked"]
    assert [ticket.topic for ticket in shop.tickets.opened.values()] == ["cancellation"]
    no = await run(Deny(shop.services()), tracker("no", "deny", slots={"pending": pending}))
    assert no.said == ["utter_not_cancelled"]


async def test_a_yes_that_comes_late_does_nothing(shop: Shop) -> None:
    slots = {"pending": {"kind": "cancel_order", "order": "10023"}}
    between = ("action_answer",)
    soon = await run(
        Affirm(shop.services()), tracker("yes", "affirm", slots=slots, before=between)
    )
    assert soon.said == ["utter_cancel_asked"]
    moved_on = ("action_set_goal", "order_form", "action_lookup")
    late = await run(
        Affirm(shop.services()), tracker("yes", "affirm", slots=slots, before=moved_on)
    )
    assert late.said == ["utter_yes_to_nothing"]


async def test_another_wish_leaves_a_form_that_can_be_taken_up_again(shop: Shop) -> None:
    slots = {"goal": "get_refund", "order_number": "10023", "requested_slot": "reason"}
    at = tracker("where is my order", "track_order", slots=slots, active="refund_form")
    switched = await run(SetGoal(shop.services()), at)
    assert {"event": "active_loop", "name": None, "timestamp": None} in switched.events
    assert switched.slots["paused_form"] == {"form": "refund_form", "intent": "get_refund"}
    assert "reason" not in switched.slots, "the answers so far are kept"
    after = {
        "goal": "track_order",
        "order_number": "10023",
        "paused_form": switched.slots["paused_form"],
    }
    answered = await run(Lookup(shop.services()), tracker("x", "track_order", slots=after))
    assert answered.said == ["utter_track_shipped", "utter_offer_continue"]
    pending = answered.slots["pending"]
    yes = await run(
        Affirm(shop.services()), tracker("yes", "affirm", slots=after | {"pending": pending})
    )
    assert yes.continued == ["/get_refund"]
    again = await run(SetGoal(shop.services()), tracker("/get_refund", "get_refund", slots=after))
    assert again.slots["paused_form"] is None
    assert "reason" not in again.slots
    no = await run(
        Deny(shop.services()), tracker("no", "deny", slots=after | {"pending": pending})
    )
    assert no.said == ["utter_dropped"]
    assert no.slots["reason"] is None


async def test_never_mind_forgets_the_form(shop: Shop) -> None:
    at = tracker("forget it", "stop_form", slots={"reason": "x"}, active="refund_form")
    done = await run(StopForm(shop.services()), at)
    assert done.said == ["utter_stopped"]
    assert done.slots["reason"] is None
    assert done.slots["requested_slot"] is None


@pytest.mark.parametrize(
    ("text", "entities", "goal", "continued"),
    [
        (
            "and the other one?",
            {"reference": "the other one"},
            "track_order",
            '/track_order{"order_number": "10031"}',
        ),
        (
            "另一个呢",
            {"reference": "另一个"},
            "check_invoice",
            '/check_invoice{"order_number": "10031"}',
        ),
        (
            "and 10031?",
            {"order_number": "10031"},
            "track_order",
            '/track_order{"order_number": "10031"}',
        ),
        (
            "T-000123",
            {"ticket_number": "T-000123"},
            None,
            '/ticket_status{"ticket_number": "T-000123"}',
        ),
        (
            "10023退款，邮箱ana@example.com",
            {"order_number": "10023", "email": "ana@example.com"},
            None,
            '/get_refund{"order_number": "10023", "email": "ana@example.com"}',
        ),
    ],
)
async def test_a_bare_piece_of_information_goes_on_with_the_last_goal(
    shop: Shop, text: str, entities: dict[str, str], goal: str | None, continued: str
) -> None:
    slots = {"goal": goal, "order_number": "10023"}
    done = await run(
        Inform(shop.services()), tracker(text, "inform", entities=entities, slots=slots)
    )
    assert done.continued == [continued]


async def test_a_number_without_a_goal_offers_what_can_be_done_with_it(shop: Shop) -> None:
    at = tracker("10023", "inform", entities={"order_number": "10023"})
    done = await run(Inform(shop.services()), at)
    assert done.said == ["utter_what_about_order"]
    assert done.messages[0]["buttons"][0]["payload"] == '/track_order{"order_number": "10023"}'


async def test_the_first_fallback_guesses_and_the_second_offers_people(shop: Shop) -> None:
    ranking = (
        ("nlu_fallback", 0.4),
        ("get_refund", 0.25),
        ("inform", 0.2),
        ("track_refund", 0.15),
        ("greet", 0.01),
    )
    first = await run(Fallback(shop.services()), tracker("hm", "nlu_fallback", ranking=ranking))
    assert first.said == ["utter_did_you_mean"]
    assert [button["payload"] for button in first.messages[0]["buttons"]] == [
        "/get_refund",
        "/track_refund",
        "/deny",
    ]
    at = tracker("hm", "nlu_fallback", ranking=ranking, before=("action_fallback",))
    second = await run(Fallback(shop.services()), at)
    assert second.said == ["utter_offer_human"]


@pytest.mark.parametrize(
    ("open_now", "waiting", "opens_in", "said"),
    [
        (True, 0, None, "utter_handoff_open"),
        (True, 3, None, "utter_handoff_queue"),
        (False, 0, timedelta(hours=9), "utter_handoff_closed"),
        (False, 0, None, "utter_handoff_closed_for_long"),
    ],
)
async def test_asking_for_a_person_tells_the_truth(
    shop: Shop, open_now: bool, waiting: int, opens_in: timedelta | None, said: str
) -> None:
    shop.handoff.outlook_now = Outlook(
        open_now=open_now,
        waiting=waiting,
        opens_at=NOW + opens_in if opens_in else None,
        answer_within=timedelta(minutes=10),
    )
    at = tracker("human", "contact_human_agent", slots={"language": "zh"}, active="refund_form")
    done = await run(AskForPerson(shop.services()), at)
    assert done.said == [said]
    assert done.commands == [{"command": "handoff", "reason": "asked"}]
    assert done.text("zh")
    assert done.slots["requested_slot"] is None


async def test_goodbye_closes_and_asks_only_when_it_may(shop: Shop) -> None:
    asked = await run(Goodbye(shop.services()), tracker("bye", "goodbye"))
    assert asked.said == ["utter_goodbye", "utter_survey"]
    assert asked.commands == [{"command": "resolve"}]
    shop.feedback.may_ask = False
    silent = await run(Goodbye(shop.services()), tracker("bye", "goodbye"))
    assert silent.said == ["utter_goodbye"]
    scored = {"pending": asked.slots["pending"]}
    typed = await run(Inform(shop.services()), tracker("5", "inform", slots=scored))
    assert typed.continued == ['/give_feedback{"score": "5"}']


async def test_forms_are_handed_in_once(shop: Shop) -> None:
    slots = {"order_number": "10023", "reason": "broken", "wish": "money back"}
    for _ in range(2):
        done = await run(SubmitRefund(shop.services()), tracker("x", "inform", slots=slots))
        assert done.said == ["utter_refund_asked"]
        assert done.slots["reason"] is None
    (ticket,) = shop.tickets.opened.values()
    assert (ticket.topic, ticket.order_number) == ("refund", "10023")
    assert "broken" in ticket.description


async def test_a_ticket_answers_where_the_customer_wants(shop: Shop) -> None:
    slots = {
        "title": "a 0[b",
        "description": "b",
        "priority": "high",
        "contact": "on_file",
        "language": "en",
    }
    done = await run(SubmitTicket(shop.services()), tracker("x", "inform", slots=slots))
    (ticket,) = shop.tickets.opened.values()
    assert ticket.contact_detail == "ana@example.com"
    assert "an•••@example.com" in done.text()
    status = await run(TicketStatus(shop.services()), tracker("ticket?", "ticket_status"))
    assert status.said == ["utter_ticket_new"]
    assert "0[" not in status.text(), "Rasa's template engine would stumble over it"


async def test_an_early_end_hands_nothing_in(shop: Shop) -> None:
    for outcome, said in (
        ("locked T-000007", "utter_match_locked"),
        ("still_locked T-000007", "utter_match_still_locked"),
        ("stopped", "utter_stopped"),
        ("too_late", "utter_refund_too_late"),
    ):
        slots = {"order_number": "10023", "outcome": outcome}
        done = await run(SubmitRefund(shop.services()), tracker("x", "inform", slots=slots))
        assert done.said == [said]
    assert not shop.tickets.opened


async def test_arrival_of_an_order_we_spoke_of_is_looked_up(shop: Shop) -> None:
    own = tracker("when will it arrive", "delivery_period", slots={"matched_order": "10023"})
    assert (await run(Answer(shop.services()), own)).continued == ["/track_order"]
    general = tracker(
        "how long does delivery usually take", "delivery_period", slots={"matched_order": "10023"}
    )
    assert "Standard" in (await run(Answer(shop.services()), general)).text()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("subscribe me to your newsletter", True),
        ("sign me up for the newsletter", True),
        ("i don't want the newsletter any more", False),
        ("unsubscribe from newsletter", False),
        ("do you have a newsletter?", None),
        ("newsletter", None),
        ("我想订阅资讯", True),
        ("退订邮件", False),
        ("不想收到你们的邮件了", False),
    ],
)
def test_what_is_wanted_of_the_newsletter(text: str, wanted: bool | None) -> None:
    assert newsletter_wish(heard(text, "newsletter_subscription")) is wanted


async def test_consent_is_recorded(shop: Shop) -> None:
    await run(Consent(shop.services()), tracker("STOP", "unsubscribe"))
    await run(Consent(shop.services()), tracker("subscribe me", "newsletter_subscription"))
    assert shop.consents.said == [("marketing", False), ("newsletter", True)]


async def test_no_more_messages_is_obeyed_by_the_desk(shop: Shop) -> None:
    done = await run(Consent(shop.services()), tracker("enough of your ads for me", "unsubscribe"))
    assert done.said == ["utter_unsubscribed"]
    assert len(shop.opt_outs.stopped) == 1


@pytest.mark.parametrize("text", ["please don't ever stop the offers", "我没说要退订啊"])
async def test_who_may_want_the_messages_is_asked(shop: Shop, text: str) -> None:
    done = await run(Consent(shop.services()), tracker(text, "unsubscribe"))
    (asked,) = done.messages
    assert [one["payload"] for one in asked["buttons"]] == [
        '/opt_out{"stop": "yes"}', '/opt_out{"stop": "no"}',
    ]  # fmt: skip
    assert done.said == []
    assert shop.opt_outs.stopped == []
    assert shop.consents.said == []


async def test_an_address_given_too_early_is_remembered(shop: Shop) -> None:
    at = tracker("my mail is ana@example.com", "inform", entities={"email": "ana@example.com"})
    done = await run(Inform(shop.services()), at)
    assert done.said == ["utter_what_for"]
    assert done.slots["contact_proof"] == "ana@example.com"
