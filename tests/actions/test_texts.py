"""Responses, buttons, titles and names: nothing is said that does not exist, nothing exists that is never said."""

import json
import re
from itertools import product
from typing import Any

import pytest
import yaml

from actions.again import again, payload, split
from actions.forms.catalogue import FORMS
from actions.forms.fill import Outcome
from actions.forms.form import Taking
from actions.forms.validate import ASKED_SHORTER
from actions.registry import build
from actions.titles import TITLES, title
from desk.tables.shop import InvoiceStatus, OrderStatus, RefundStatus
from desk.tables.ticket import TicketStatus
from tests.actions.twins import PLACEHOLDER, RESPONSES, ROOT, Shop

DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "actions").rglob("*.py"))


def built_names() -> set[str]:
    """The names that actions put together from states and slots."""
    names = {f"utter_track_{one}" for one in OrderStatus} | {
        f"utter_invoice_{one}" for one in InvoiceStatus
    }
    names |= {f"utter_refund_{one}" for one in RefundStatus} | {
        f"utter_ticket_{one}" for one in TicketStatus
    }
    names |= {
        f"utter_refund_{one}"
        for one in ("already_refunded", "not_sent", "too_late", "cancelled", "returned")
    }
    names |= {
        f"utter_address_{one}" for one in ("already_sent", "delivered", "cancelled", "returned")
    }
    names |= {"utter_ask_edit_account", "utter_ask_switch_account", "utter_please_refund_reason"}
    names |= {f"utter_please_description_{one}" for one in ("account", "order_change")}
    names |= {"utter_please_complaint_reason", "utter_please_complaint_wish", "utter_default"}
    answers = (
        "greet",
        "help",
        "bot_challenge",
        "thanks",
        "out_of_scope",
        "payment_issue",
        "set_up_shipping_address",
    )
    names |= {f"utter_{one}" for one in answers}
    questions = [question for form in FORMS.values() for question in form.questions]
    names |= {f"utter_please_{one.slot}" for one in questions} - {"utter_please_reason"}
    names |= {f"utter_{Outcome.UNUSABLE}_{one.slot}" for one in questions}
    names |= {f"utter_again_{slot}" for slot in ASKED_SHORTER}
    values = [one for one in questions if one.taking is Taking.VALUE]
    return names | {f"utter_{Outcome.UNKNOWN}_{one.slot}" for one in values}


def test_every_response_is_said_and_every_one_said_exists() -> None:
    literal = set(re.findall(r'"(utter_[a-z_]+)"', SOURCES)) - {"utter_message"}
    said = literal | built_names()
    assert said == RESPONSES.keys()


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_says_the_same_in_both_languages(name: str) -> None:
    chinese, english = RESPONSES[name]
    assert chinese["condition"] == [{"type": "slot", "name": "language", "value": "zh"}]
    assert "condition" not in english
    assert re.search(r"[一-鿿]", chinese["text"])
    assert not re.search(r"[一-鿿]", english["text"])
    assert set(PLACEHOLDER.findall(chinese["text"])) == set(PLACEHOLDER.findall(english["text"]))
    assert payloads(chinese) == payloads(english)


def payloads(variation: dict[str, Any]) -> list[str]:
    return [button["payload"] for button in variation.get("buttons", [])]


def test_every_button_carries_an_intent_and_entities_of_the_domain() -> None:
    found = {one for variations in RESPONSES.values() for one in payloads(variations[1])}
    for one in found:
        # Rasa fills templates in payloads too: braces are doubled in the file.
        intent, entities = split(one.replace("{{", "{").replace("}}", "}"))
        assert intent in DOMAIN["intents"], one
        assert set(entities) <= set(DOMAIN["entities"]), one


def test_titles_are_of_intents_and_short_enough_for_buttons() -> None:
    assert set(TITLES) <= set(DOMAIN["intents"])
    for intent, language in product(TITLES, ("en", "zh")):
        assert 0 < len(title(intent, language)) <= 24


def test_the_registry_builds_what_the_domain_names() -> None:
    names = [action.name() for action in build(Shop().services())]
    # An action with options stands there as a mapping of one key.
    assert sorted(names) == sorted(
        next(iter(one), "") if isinstance(one, dict) else one for one in DOMAIN["actions"]
    )
    assert {form: spec["required_slots"] for form, spec in DOMAIN["forms"].items()} == {
        form.name: list(form.slots) for form in FORMS.values()
    }


def test_going_on_in_the_customers_name() -> None:
    text = payload("track_order", {"order_number": "10023"})
    assert split(text) == ("track_order", {"order_number": "10023"})
    listen, said = again(text)
    assert listen["name"] == "action_listen"
    assert said["parse_data"]["intent"] == {"name": "track_order", "confidence": 1.0}
    assert json.loads(text.removeprefix("/track_order")) == {"order_number": "10023"}
