"""What we offer this customer, and why."""

from collections.abc import Sequence

from rasa_sdk.events import EventType

from actions.act import Act
from actions.again import payload
from actions.heard import Heard
from actions.speaker import Buttons, Speaker
from actions.titles import offer_reason
from analytics.offers.model import Reason, Recommended, State
from desk.errors import NotFoundError

_MOST = 3
_PERSONAL = frozenset({Reason.BOUGHT, Reason.SEEN, Reason.ALIKE})


class Recommend(Act):
    """Up to three offers, each with its reason and a button; pressed, it tells more."""

    NAME = "action_recommend"

    async def act(self, speaker: Speaker, heard: Heard) -> list[EventType]:
        """Say them; without any, what the shop's policies offer to everybody."""
        pressed = heard.value("offer") if heard.is_button else None
        if pressed is not None and await self._show(speaker, heard, pressed):
            return []
        customer = await self.services.commerce.verified(conversation_id=heard.conversation_id)
        found = await self.services.recommender.answer(
            conversation_id=heard.conversation_id,
            customer_id=customer.id if customer else None,
            key=heard.key(self.NAME),
            count=_MOST,
        )
        if found:
            lines = "\n".join(_line(one, heard.language) for one in found)
            speaker.say(_opening(found), list=lines, buttons=_buttons(found, heard.language))
        else:
            self._say_policies(speaker, heard, customer.account_type if customer else None)
        return []

    async def _show(self, speaker: Speaker, heard: Heard, shown_id: str) -> bool:
        """Tell more about an offer whose button was pressed; say whether there is one."""
        try:
            offer = await self.services.offers.clicked(
                int(shown_id), conversation_id=heard.conversation_id
            )
        except (NotFoundError, ValueError):
            return False
        if offer.state(self.services.clock()) in (State.STOPPED, State.ENDED):
            speaker.say("utter_offer_over", title=offer.title(heard.language))
            return True
        link = f"\n{offer.url}" if offer.url else ""
        title, text = offer.title(heard.language), offer.text(heard.language)
        speaker.tell(_with_text(title, text, heard.language) + link)
        return True

    def _say_policies(self, speaker: Speaker, heard: Heard, account_type: str | None) -> None:
        offers = self.services.policies.offers(account_type=account_type)
        # What is for this kind of account only comes first.
        best = sorted(offers, key=lambda offer: not offer.account_types)[:_MOST]
        speaker.say("utter_offers" if best else "utter_no_offers")
        for offer in best:
            in_chinese = heard.language == "zh"
            title = offer.title_zh if in_chinese else offer.title_en
            text = offer.text_zh if in_chinese else offer.text_en
            speaker.tell(f"{_with_text(title, text, heard.language)}\n{offer.url}")


def _opening(found: Sequence[Recommended]) -> str:
    reasons = {one.because.reason for one in found}
    if reasons & _PERSONAL:
        return "utter_recommended"
    return (
        "utter_recommended_popular" if Reason.POPULAR in reasons else "utter_recommended_current"
    )


def _line(one: Recommended, language: str) -> str:
    said = _with_text(one.offer.title(language), one.offer.text(language), language)
    reason = offer_reason(one.because.reason, language, one.because.name(language))
    if not reason:
        return f"- {said}"
    return f"- {said}（{reason}）" if language == "zh" else f"- {said} ({reason})"


def _with_text(title: str, text: str, language: str) -> str:
    return f"{title}{'：' if language == 'zh' else ': '}{text}"


def _buttons(found: Sequence[Recommended], language: str) -> Buttons:
    return [
        {
            "title": one.offer.title(language),
            "payload": payload("recommend_offer", {"offer": str(one.shown_id)}),
        }
        for one in found
    ]
