"""What a message means inside a form, case by case in both languages."""

from typing import Any

import pytest

from actions.forms.catalogue import (
    ADDRESS,
    COMPLAINT,
    FEEDBACK,
    HERE,
    NOT_GIVEN,
    ORDER,
    REFUND,
    TICKET,
)
from actions.forms.fill import Outcome, fill, glean
from actions.forms.form import Form
from tests.actions.messages import heard

type Case = tuple[Form, str, str, str, dict[str, Any]]
INFORM, FALLBACK = "inform", "nlu_fallback"

# form, slot asked for, text, intent, slots filled
FILLED: list[Case] = [
    # the number that was asked for
    (ORDER, "order_number", "10023", INFORM, {"order_number": "10023"}),
    (ORDER, "order_number", "its #10023 thx", INFORM, {"order_number": "10023"}),
    (ORDER, "order_number", "fd-10023", FALLBACK, {"order_number": "10023"}),
    (ORDER, "order_number", "INV-2031", INFORM, {"order_number": "INV-2031"}),
    (ORDER, "order_number", "发票号是2031", INFORM, {"order_number": "INV-2031"}),
    (ORDER, "order_number", "订单号10042", INFORM, {"order_number": "10042"}),
    (ORDER, "order_number", "10042啊 快点", FALLBACK, {"order_number": "10042"}),
    (ORDER, "order_number", "4711", INFORM, {"order_number": "4711"}),
    # several at once
    (
        ORDER,
        "order_number",
        "10023, ana@example.com",
        INFORM,
        {"order_number": "10023", "contact_proof": "ana@example.com"},
    ),
    (
        ORDER,
        "order_number",
        "我是13800000042，单号10042",
        INFORM,
        {"order_number": "10042", "contact_proof": "13800000042"},
    ),
    (
        ORDER,
        "order_number",
        "my mail is ana@example.com",
        INFORM,
        {"contact_proof": "ana@example.com"},
    ),
    # the proof
    (ORDER, "contact_proof", "ANA@Example.com", INFORM, {"contact_proof": "ana@example.com"}),
    (ORDER, "contact_proof", "+1 555 0123", INFORM, {"contact_proof": "+1 555 0123"}),
    (ORDER, "contact_proof", "5550123", INFORM, {"contact_proof": "5550123"}),
    (ORDER, "contact_proof", "邮箱li@example.com", INFORM, {"contact_proof": "li@example.com"}),
    (ORDER, "contact_proof", "138 0000 0042", INFORM, {"contact_proof": "138 0000 0042"}),
    # corrections
    (ORDER, "contact_proof", "no, 10032", "deny", {"order_number": "10032"}),
    (ORDER, "contact_proof", "sorry its order 10032", INFORM, {"order_number": "10032"}),
    (ORDER, "contact_proof", "not 10023 but 10032", INFORM, {"order_number": "10032"}),
    (ORDER, "contact_proof", "10032 not 10023", INFORM, {"order_number": "10032"}),
    (ORDER, "contact_proof", "不是10023，是10032", INFORM, {"order_number": "10032"}),
    (ORDER, "contact_proof", "写错了 10032", INFORM, {"order_number": "10032"}),
    (REFUND, "reason", "no wait, 10031", "deny", {"order_number": "10031"}),
    (REFUND, "reason", "不对，订单号应该是10031", INFORM, {"order_number": "10031"}),
    (TICKET, "priority", "sorry the mail is b@example.com", INFORM, {"contact": "b@example.com"}),
    # words
    (REFUND, "reason", "it arrived broken", INFORM, {"reason": "it arrived broken"}),
    (
        REFUND,
        "reason",
        "i want my money back cos its broken",
        "get_refund",
        {"reason": "i want my money back cos its broken"},
    ),
    (REFUND, "reason", "颜色不对，不喜欢", "complaint", {"reason": "颜色不对，不喜欢"}),
    (REFUND, "reason", "质量太差了", "complaint", {"reason": "质量太差了"}),
    (REFUND, "reason", "none", "deny", {"reason": NOT_GIVEN}),
    (REFUND, "reason", "不想说", "deny", {"reason": NOT_GIVEN}),
    (REFUND, "reason", "my parcel never came", "track_order", {"reason": "my parcel never came"}),
    (REFUND, "wish", "just send me a new one", "inform", {"wish": "just send me a new one"}),
    (REFUND, "wish", "换一个新的", INFORM, {"wish": "换一个新的"}),
    (
        COMPLAINT,
        "reason",
        "your driver threw it over the fence!!",
        "complaint",
        {"reason": "your driver threw it over the fence!!"},
    ),
    (
        COMPLAINT,
        "reason",
        "why does nobody ever answer the phone?",
        "contact_customer_service",
        {"reason": "why does nobody ever answer the phone?"},
    ),
    (
        COMPLAINT,
        "reason",
        "order 10031 came without the cups",
        "complaint",
        {"reason": "order 10031 came without the cups", "about_order": "10031"},
    ),
    (COMPLAINT, "about_order", "no", "deny", {"about_order": NOT_GIVEN}),
    (COMPLAINT, "about_order", "没有", "deny", {"about_order": NOT_GIVEN}),
    (COMPLAINT, "about_order", "10031", INFORM, {"about_order": "10031"}),
    # tickets
    (TICKET, "title", "lamp flickers", INFORM, {"title": "lamp flickers"}),
    (TICKET, "title", "灯坏了，怎么办", "out_of_scope", {"title": "灯坏了，怎么办"}),
    (
        REFUND,
        "reason",
        "the lamp is broken, what do I do",
        "complaint",
        {"reason": "the lamp is broken, what do I do"},
    ),
    (
        TICKET,
        "description",
        "can you move the invoice to my company?",
        "edit_account",
        {"description": "can you move the invoice to my company?"},
    ),
    (
        TICKET,
        "description",
        "改成 b@example.com",
        INFORM,
        {"description": "改成 b@example.com", "contact": "b@example.com"},
    ),
    (TICKET, "description", "cancel the cups", "cancel_order", {"description": "cancel the cups"}),
    (
        TICKET,
        "description",
        "cant log in since monday, password reset does nothing",
        "recover_password",
        {"description": "cant log in since monday, password reset does nothing"},
    ),
    (
        TICKET,
        "description",
        "登录不上去，一直提示密码错误",
        "recover_password",
        {"description": "登录不上去，一直提示密码错误"},
    ),
    (TICKET, "priority", "not urgent", INFORM, {"priority": "low"}),
    (TICKET, "priority", "ASAP!!!", INFORM, {"priority": "urgent"}),
    (TICKET, "priority", "普通就行", INFORM, {"priority": "normal"}),
    (TICKET, "priority", "不急", "deny", {"priority": "low"}),
    (TICKET, "priority", "高", INFORM, {"priority": "high"}),
    (TICKET, "contact", "just here", INFORM, {"contact": HERE}),
    (TICKET, "contact", "在这里回复就行", INFORM, {"contact": HERE}),
    (TICKET, "contact", "在这里回复就行", "stop_form", {"contact": HERE}),
    (TICKET, "contact", "b@example.com", INFORM, {"contact": "b@example.com"}),
    # addresses
    (
        ADDRESS,
        "address",
        "12 Lake Road, Springfield 62701",
        INFORM,
        {"address": "12 Lake Road, Springfield 62701"},
    ),
    (
        ADDRESS,
        "address",
        "it's 5 Main Street, Riverton",
        INFORM,
        {"address": "5 Main Street, Riverton"},
    ),
    (
        ADDRESS,
        "address",
        "改成 北京市示例区样板路8号",
        "change_shipping_address",
        {"address": "北京市示例区样板路8号"},
    ),
    # ratings
    (FEEDBACK, "score", "5", INFORM, {"score": 5}),
    (FEEDBACK, "score", "4 stars", "give_feedback", {"score": 4}),
    (FEEDBACK, "score", "⭐⭐⭐", FALLBACK, {"score": 3}),
    (FEEDBACK, "score", "给五分", INFORM, {"score": 5}),
    (FEEDBACK, "score", "terrible", "complaint", {"score": 1}),
    (FEEDBACK, "score", "非常满意", "complaint", {"score": 5}),
    (
        FEEDBACK,
        "score",
        "4/5, a bit slow today",
        FALLBACK,
        {"score": 4, "comment": "4/5, a bit slow today"},
    ),
    (FEEDBACK, "comment", "very nice", "thanks", {"comment": "very nice"}),
    (
        COMPLAINT,
        "reason",
        "送得太慢了 客服也没人理",
        "complaint",
        {"reason": "送得太慢了 客服也没人理"},
    ),
    (COMPLAINT, "wish", "call me back", "contact_human_agent", {"wish": "call me back"}),
    (FEEDBACK, "comment", "quick and nice", INFORM, {"comment": "quick and nice"}),
    (FEEDBACK, "comment", "no thanks", "deny", {"comment": NOT_GIVEN}),
    (FEEDBACK, "comment", "没有了", "deny", {"comment": NOT_GIVEN}),
]


@pytest.mark.parametrize(("form", "slot", "text", "intent", "values"), FILLED)
def test_a_message_fills(
    form: Form, slot: str, text: str, intent: str, values: dict[str, Any]
) -> None:
    filled = fill(form, slot, heard(text, intent))
    assert filled.outcome is Outcome.FILLED
    assert filled.values == values


# form, slot asked for, text, intent, confidence
INTERRUPTED: list[tuple[Form, str, str, str, float]] = [
    (ORDER, "order_number", "how long does delivery take", "delivery_period", 0.8),
    (ORDER, "order_number", "什么时候能到货啊", "delivery_period", 0.6),
    (ORDER, "order_number", "hi", "greet", 0.9),
    (ORDER, "order_number", "talk to a human!!", "contact_human_agent", 0.9),
    (ORDER, "contact_proof", "转人工", "contact_human_agent", 0.9),
    (ORDER, "order_number", "forget it", "stop_form", 0.9),
    (REFUND, "reason", "what are your opening hours?", "opening_hours", 0.9),
    (REFUND, "reason", "退款多久到账", "check_refund_policy", 0.7),
    (REFUND, "reason", "谢谢", "thanks", 0.9),
    (REFUND, "reason", "are you a robot", "bot_challenge", 0.8),
    (REFUND, "reason", "where is my order 10031?", "track_order", 0.9),
    (REFUND, "reason", "track my order", "track_order", 0.9),
    (REFUND, "reason", "帮我查一下物流", "track_order", 0.9),
    (REFUND, "wish", "tell me a joke", "out_of_scope", 0.9),
    (REFUND, "wish", "i want to talk to somebody", "contact_human_agent", 0.8),
    (COMPLAINT, "reason", "are you a bot?", "bot_challenge", 0.8),
    (TICKET, "title", "how can i pay?", "check_payment_methods", 0.9),
    (TICKET, "description", "几点开门？", "opening_hours", 0.9),
    (TICKET, "title", "cancel my order", "cancel_order", 0.9),
    (TICKET, "title", "talk to a human", "contact_human_agent", 0.9),
    (TICKET, "title", "where is my order 10031", "track_order", 0.9),
    (TICKET, "description", "where is my order 10031", "track_order", 0.9),
    (TICKET, "description", "我的订单10031到哪了？", "track_order", 0.9),
    (FEEDBACK, "comment", "where is order 10031", "track_order", 0.9),
    (FEEDBACK, "comment", "Is the paper lantern lamp in stock?", "place_order", 0.7),
    (FEEDBACK, "comment", "cancel order 10031", "cancel_order", 0.9),
    (TICKET, "priority", "where is my order", "track_order", 0.9),
    (ADDRESS, "address", "how much is express shipping?", "delivery_options", 0.8),
    (FEEDBACK, "score", "where is my order", "track_order", 0.8),
]


@pytest.mark.parametrize(("form", "slot", "text", "intent", "confidence"), INTERRUPTED)
def test_a_message_is_about_something_else(
    form: Form, slot: str, text: str, intent: str, confidence: float
) -> None:
    assert fill(form, slot, heard(text, intent, confidence)).outcome is Outcome.INTERRUPTED


@pytest.mark.parametrize(
    ("form", "slot", "text", "intent"),
    [
        (ORDER, "order_number", "never mind", "deny"),
        (ORDER, "order_number", "cancel", "cancel_order"),
        (COMPLAINT, "reason", "cancle it", "cancel_order"),
        (REFUND, "reason", "forget it", "nlu_fallback"),
        (REFUND, "reason", "还是算了", "deny"),
        (TICKET, "description", "算了吧", "deny"),
        (COMPLAINT, "wish", "stop it please", "unsubscribe"),
    ],
)
def test_never_mind_is_heard_whatever_the_classifier_says(
    form: Form, slot: str, text: str, intent: str
) -> None:
    assert fill(form, slot, heard(text, intent)).outcome is Outcome.STOPPED


@pytest.mark.parametrize(
    ("form", "slot", "text", "intent", "outcome"),
    [
        (ORDER, "order_number", "asdf", FALLBACK, Outcome.UNUSABLE),
        (ORDER, "order_number", "ok", "affirm", Outcome.UNUSABLE),
        (ORDER, "order_number", "i dont have it", INFORM, Outcome.UNKNOWN),
        (ORDER, "order_number", "no idea mate", FALLBACK, Outcome.UNKNOWN),
        (ORDER, "order_number", "不知道订单号", INFORM, Outcome.UNKNOWN),
        (ORDER, "order_number", "no", "deny", Outcome.UNKNOWN),
        (ORDER, "contact_proof", "ana at example", INFORM, Outcome.UNUSABLE),
        (ORDER, "contact_proof", "ana@example", INFORM, Outcome.UNUSABLE),
        (ORDER, "contact_proof", "忘了用哪个邮箱", INFORM, Outcome.UNKNOWN),
        (REFUND, "reason", "ok", "affirm", Outcome.UNUSABLE),
        (REFUND, "reason", "😡😡", FALLBACK, Outcome.UNUSABLE),
        (ADDRESS, "address", "home", INFORM, Outcome.UNUSABLE),
        (COMPLAINT, "reason", "我要投诉你们", "complaint", Outcome.UNUSABLE),
        (TICKET, "title", "open a ticket", "open_ticket", Outcome.UNUSABLE),
        (ORDER, "order_number", "jkjkjk", "out_of_scope", Outcome.UNUSABLE),
        (TICKET, "priority", "blue", INFORM, Outcome.UNUSABLE),
        (FEEDBACK, "score", "11", INFORM, Outcome.UNUSABLE),
        (FEEDBACK, "score", "i have one more thing", INFORM, Outcome.UNUSABLE),
    ],
)
def test_an_answer_that_cannot_be_used(
    form: Form, slot: str, text: str, intent: str, outcome: Outcome
) -> None:
    filled = fill(form, slot, heard(text, intent))
    assert filled.outcome is outcome
    assert not filled.values


@pytest.mark.parametrize(
    ("goal", "text", "intent", "outcome"),
    [
        ("track_order", "10023 and cancel it please", "cancel_order", Outcome.INTERRUPTED),
        ("track_order", "我要退款 10031", "get_refund", Outcome.INTERRUPTED),
        ("track_order", "where is 10023", "track_order", Outcome.FILLED),
        ("track_order", "order number is 10023", "cancel_order", Outcome.FILLED),
    ],
)
def test_a_number_may_come_with_another_wish(
    goal: str, text: str, intent: str, outcome: Outcome
) -> None:
    message = heard(text, intent, slots={"goal": goal})
    assert fill(ORDER, "order_number", message).outcome is outcome


def test_a_button_fills_its_slot_and_another_button_interrupts() -> None:
    picked = heard('/inform{"order_number": "10031"}', carried={"order_number": "10031"})
    assert fill(ORDER, "order_number", picked).values == {"order_number": "10031"}
    skipped = heard('/inform{"skip": "yes"}', carried={"skip": "yes"})
    assert fill(COMPLAINT, "about_order", skipped).values == {"about_order": NOT_GIVEN}
    assert fill(ORDER, "order_number", skipped).outcome is Outcome.INTERRUPTED
    other = heard("/contact_human_agent", "contact_human_agent")
    assert fill(REFUND, "reason", other).outcome is Outcome.INTERRUPTED


def test_a_long_title_becomes_the_description_too() -> None:
    story = "the lamp that i bought in march started to flicker " * 4
    values = fill(TICKET, "title", heard(story)).values
    assert len(str(values["title"])) <= 100
    assert values["description"] == story


@pytest.mark.parametrize(
    ("form", "text", "intent", "values"),
    [
        (
            ORDER,
            "where is 10023, ana@example.com",
            "track_order",
            {"order_number": "10023", "contact_proof": "ana@example.com"},
        ),
        (REFUND, "refund for 10031 please", "get_refund", {"order_number": "10031"}),
        (
            ADDRESS,
            "send 10042 to 12 Lake Road, Springfield instead",
            "change_shipping_address",
            {"order_number": "10042", "address": "12 Lake Road, Springfield instead"},
        ),
        (
            ADDRESS,
            "send it to 12 Lake Road, Springfield 62701",
            "change_shipping_address",
            {"address": "12 Lake Road, Springfield 62701"},
        ),
        (
            ADDRESS,
            "10042的地址改成上海市示例区样板路9号",
            "change_shipping_address",
            {"order_number": "10042", "address": "上海市示例区样板路9号"},
        ),
        (
            ADDRESS,
            "change the address of order 10042",
            "change_shipping_address",
            {"order_number": "10042"},
        ),
        (FEEDBACK, "4/5 for this chat", "give_feedback", {"score": 4}),
        (FEEDBACK, "给你们5分", "give_feedback", {"score": 5}),
        (TICKET, "urgent: open a ticket", "open_ticket", {"priority": "urgent"}),
    ],
)
def test_what_the_first_message_gives_away(
    form: Form, text: str, intent: str, values: dict[str, Any]
) -> None:
    assert glean(form, heard(text, intent)) == values


def test_an_exclamation_is_no_small_talk() -> None:
    unsure = heard("太慢了", "thanks", 0.43)
    assert fill(ORDER, "order_number", unsure).outcome is Outcome.UNUSABLE
    assert fill(REFUND, "reason", unsure).values == {"reason": "太慢了"}
