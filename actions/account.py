"""Accounts: what is on file, masked; changes are made by colleagues through a ticket."""

from rasa_sdk.events import EventType

from actions.again import again, payload
from actions.heard import Heard
from actions.memory import ask
from actions.services import Services
from actions.speaker import Speaker
from actions.titles import ticket_title
from actions.wording import mask_email, mask_phone
from desk.commerce.model import Customer

_KINDS = {
    "standard": ("standard", "标准"),
    "free": ("free", "免费"),
    "pro": ("pro", "专业"),
    "premium": ("premium", "高级"),
    "business": ("business", "企业"),
}


class AccountAnswers:
    """What to say about an account."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def answer(
        self, speaker: Speaker, heard: Heard, customer: Customer, goal: str
    ) -> list[EventType]:
        """Say what is on file, then ask what to do with it."""
        speaker.say(
            "utter_account",
            kind=kind(customer.account_type, heard.language),
            email=mask_email(customer.email),
            phone=mask_phone(customer.phone),
        )
        if goal == "delete_account":
            speaker.say("utter_confirm_delete_account")
            return [ask("delete_account")]
        speaker.say(f"utter_ask_{goal}")
        carried = {
            "title": ticket_title(goal, heard.language),
            "priority": "normal",
            "contact": "on_file" if customer.email else "here",
            "topic": "account",
        }
        return again(payload("open_ticket", carried))


def kind(account_type: str, language: str) -> str:
    """Return the name of an account type."""
    english, chinese = _KINDS.get(account_type, (account_type, account_type))
    return chinese if language == "zh" else english
