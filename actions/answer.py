"""Questions that need no data about the customer: policies, small talk, messages wanted or not."""

import re

from rasa_sdk.events import EventType

from actions.act import Act
from actions.again import again, payload
from actions.forms.catalogue import FEEDBACK
from actions.heard import Heard
from actions.memory import ask, left
from actions.product_answers import ProductAnswers
from actions.reading import shape
from actions.services import Services
from actions.speaker import Speaker
from actions.wording import moment
from desk.commerce.policies import Topic
from desk.contacts.opt_outs import may_mean_keep
from desk.contacts.opting import NO, YES
from desk.contacts.opting_phrases import Phrase, say

_TOPICS = {
    "check_cancellation_fee": Topic.CANCELLATION_FEE,
    "check_payment_methods": Topic.PAYMENT_METHODS,
    "check_refund_policy": Topic.REFUND_POLICY,
    "contact_customer_service": Topic.CONTACT_CUSTOMER_SERVICE,
    "create_account": Topic.CREATE_ACCOUNT,
    "delivery_options": Topic.DELIVERY_OPTIONS,
    "delivery_period": Topic.DELIVERY_PERIOD,
    "opening_hours": Topic.OPENING_HOURS,
    "place_order": Topic.PLACE_ORDER,
    "recover_password": Topic.RECOVER_PASSWORD,
    "registration_problems": Topic.REGISTRATION_PROBLEMS,
    "review": Topic.REVIEW,
}
_THEN = {"registration_problems": "utter_or_ticket", "recover_password": "utter_or_ticket"}
"""What to offer after a text that may not have been enough."""
_OWN = re.compile(
    r"\b(?:it|mine|my|this|that|the (?:order|parcel|package|delivery))\b|我的|[会能要]到|时候到"
    r"|到货|送到我|收到",
    re.IGNORECASE,
)
_IN_GENERAL = re.compile(
    r"\busually|\bin general|\bnormally|\btypical|\bif i\b|一般|通常|平时|正常|如果", re.IGNORECASE
)
_UNWANTED = re.compile(
    r"\bun-?subs?cri|\bunsub|\bstop|\bcancel|\bremove|\bopt(?:ing)?[ -]?out|\bno (?:more"
    r"|longer)|\bdon'?t|\bdont|\bdo not|\bend\b"
    r"|\bquit|\bget rid|\boff\b|\bleave|\bspam|退订|退訂|取消|不想|不要|别|別|停|关掉|关闭|拒收"
    r"|移除|删",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"\bsubs?cribe|\bsign (?:me )?up|\bsign[ -]?up|\bjoin|\bregister|\badd me|\bget\b|\breceive"
    r"|\brecieve|\bwant|\bsend me|\bput me"
    r"|订阅|訂閱|加入|想收|想要|发给我|我要|接收|订一",
    re.IGNORECASE,
)


class Answer(Act):
    """One text for each question."""

    NAME = "action_answer"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._products = ProductAnswers(services)

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say it; a form that is open asks its question again after that."""
        if _asks_for_own(heard):
            return again(payload("track_order"))
        if heard.intent == "place_order":
            said = await self._products.answer(speaker, heard)
            if said is not None:
                return said
        topic = _TOPICS.get(heard.intent)
        if heard.intent == "out_of_scope" and shape.is_language_wish(heard.text):
            speaker.say("utter_language")
        elif topic is None:
            shop = self.services.policies.rules.shop.name.get(heard.language)
            speaker.say(f"utter_{heard.intent}", shop=shop)
        else:
            speaker.tell(self.services.policies.text(topic, heard.language).strip())
        if topic in (Topic.OPENING_HOURS, Topic.CONTACT_CUSTOMER_SERVICE):
            self._say_open(speaker, heard)
        if heard.intent in _THEN and heard.active_form is None:
            speaker.say(_THEN[heard.intent])
        # Somebody who asks something new is done with rating.
        ended = left(heard) if heard.active_form == FEEDBACK.name else []
        return [*ended, *([] if heard.active_form else _asks(heard.intent))]

    def _say_open(self, speaker: Speaker, heard: Heard) -> None:
        policies, now = self.services.policies, self.services.clock()
        if policies.is_open(now):
            speaker.say("utter_open_now")
            return
        opens = moment(policies.next_opening(now), heard.language, policies.zone)
        if opens:
            speaker.say("utter_closed_now", opens=opens)


def _asks(intent: str) -> list[EventType]:
    """Return what yes and no to the last words of an answer mean."""
    if intent == "thanks":
        return [ask("go", no="/goodbye")]
    return [ask("or_ticket", yes="/open_ticket")] if intent in _THEN else []


def _asks_for_own(heard: Heard) -> bool:
    """Say whether "when does it arrive" means the order we have just spoken of."""
    known = heard.slots.get("matched_order") and heard.active_form is None
    if heard.intent != "delivery_period" or not known:
        return False
    return bool(_OWN.search(heard.text)) and not _IN_GENERAL.search(heard.text)


class Consent(Act):
    """Messages wanted or not wanted."""

    NAME = "action_consent"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Record what the customer said; a mere question gets the shop's text."""
        if heard.intent == "unsubscribe":
            await self._stop(speaker, heard)
            return []
        wanted = newsletter_wish(heard)
        if wanted is None:
            speaker.tell(self.services.policies.text(Topic.NEWSLETTER, heard.language).strip())
            speaker.say("utter_newsletter_choice")
            return []
        await self._set(heard, "newsletter", granted=wanted)
        speaker.say("utter_newsletter_on" if wanted else "utter_newsletter_off")
        return []

    async def _stop(self, speaker: Speaker, heard: Heard) -> None:
        """Obey, or ask back: nobody is to lose messages by a misunderstanding."""
        if may_mean_keep(heard.text):
            titles = {YES: Phrase.YES, NO: Phrase.NO}
            speaker.tell(
                say(Phrase.ASK, heard.language),
                buttons=[
                    {"title": say(title, heard.language), "payload": payload}
                    for payload, title in titles.items()
                ],
            )
            return
        await self.services.opt_outs.stop(
            conversation_id=heard.conversation_id, key=heard.key(self.NAME)
        )
        speaker.say("utter_unsubscribed")

    async def _set(self, heard: Heard, purpose: str, *, granted: bool) -> None:
        await self.services.consents.set(
            conversation_id=heard.conversation_id,
            purpose=purpose,
            granted=granted,
            key=heard.key(self.NAME),
        )


def newsletter_wish(heard: Heard) -> bool | None:
    """Return whether the newsletter is wanted; None when that is not said."""
    carried = heard.value("wish")
    if carried is not None:
        return carried == "subscribe"
    if _UNWANTED.search(heard.text):
        return False
    asks = "?" in heard.text or "？" in heard.text
    return True if _WANTED.search(heard.text) and not asks else None
