"""Products: what they cost and whether there are any, from the shop's data."""

from rasa_sdk.events import EventType

from actions.heard import Heard
from actions.memory import ask
from actions.reading import product
from actions.services import Services
from actions.speaker import Speaker
from actions.wording import product_line


class ProductAnswers:
    """What to say about products."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, speaker: Speaker, heard: Heard) -> list[EventType] | None:
        """Say price and stock of what the message names; None when it names nothing."""
        carried = heard.value("product") if heard.is_button else None
        words = carried or heard.text
        found = await self._services.commerce.products(words=words)
        if found.products:
            lines = [product_line(one, heard.language) for one in found.products]
            response = "utter_products" if found.exact else "utter_products_close"
            speaker.say(response, list="\n".join(lines))
            return []
        if product.asks_which(words):
            speaker.say("utter_which_product")
            return [ask("product")]
        if heard.values("product"):
            links = self._services.policies.rules.shop.links
            speaker.say("utter_no_such_product", link=links.get("home", ""))
            return []
        return None
