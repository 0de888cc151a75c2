"""The training data: the intents that were promised, enough varied examples of each, nothing twice."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CUSTOMER_SUPPORT = [
    "cancel_order",
    "change_order",
    "place_order",
    "track_order",
    "change_shipping_address",
    "set_up_shipping_address",
    "check_cancellation_fee",
    "check_invoice",
    "get_invoice",
    "check_payment_methods",
    "payment_issue",
    "check_refund_policy",
    "get_refund",
    "track_refund",
    "complaint",
    "review",
    "contact_customer_service",
    "contact_human_agent",
    "create_account",
    "delete_account",
    "edit_account",
    "switch_account",
    "recover_password",
    "registration_problems",
    "delivery_options",
    "delivery_period",
    "newsletter_subscription",
]
DESK = [
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "deny",
    "bot_challenge",
    "help",
    "open_ticket",
    "ticket_status",
    "give_feedback",
    "unsubscribe",
    "recommend_offer",
    "opening_hours",
    "out_of_scope",
    "inform",
    "stop_form",
]
HAN = re.compile(r"[㐀-鿿]")
LEAST = {"en": 60, "zh": 40}


def examples() -> list[tuple[str, str, str]]:
    """Return (intent, language, text) of every example."""
    found = []
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for part in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in part.get("examples", "").splitlines() if "intent" in part else ():
                text = line.removeprefix("- ").strip()
                if text:
                    found.append((part["intent"], "zh" if HAN.search(text) else "en", text))
    return found


EXAMPLES = examples()


def test_the_intents_are_exactly_those_promised() -> None:
    assert {intent for intent, _, _ in EXAMPLES} == {*CUSTOMER_SUPPORT, *DESK}
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    names = {next(iter(i)) if isinstance(i, dict) else i for i in domain["intents"]}
    assert names == {*CUSTOMER_SUPPORT, *DESK, "nlu_fallback"}


@pytest.mark.parametrize("language", LEAST)
@pytest.mark.parametrize("intent", [*CUSTOMER_SUPPORT, *DESK])
def test_every_intent_has_enough_examples(intent: str, language: str) -> None:
    distinct = {text.casefold() for i, lang, text in EXAMPLES if (i, lang) == (intent, language)}
    assert len(distinct) >= LEAST[language]


def test_no_text_has_two_meanings() -> None:
    meanings = defaultdict(set)
    for intent, _, text in EXAMPLES:
        meanings[text.casefold()].add(intent)
    assert {text: found for text, found in meanings.items() if len(found) > 1} == {}


def test_nothing_is_repeated_to_the_letter() -> None:
    counts = Counter((intent, text) for intent, _, text in EXAMPLES)
    assert [example for example, count in counts.items() if count > 1] == []
