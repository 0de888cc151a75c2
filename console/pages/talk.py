"""What the page of a conversation shows, region by region."""

from collections.abc import Sequence
from typing import Any

from console.forms import LONGEST_TEXT
from console.live import Live, Sight
from console.pages.inbox import InboxPages, Shown
from console.render import Renderer
from console.services import ConsoleServices
from console.visit import Visit
from desk.canned import Reply, filled
from desk.commerce.model import Order
from desk.conversations.desk_model import Queue, Talk
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Outcome, Owner

_MESSAGES, _MOST_MESSAGES = 100, 2_000
_ORDERS, _BESIDE = 3, 8
_LISTED = (Queue.WAITING, Queue.MINE, Queue.HUMAN, Queue.BOT)
SNOOZES = ("30", "60", "240", "1440")
"""Minutes for which a conversation may be put off."""


class Talking:
    """Puts the regions together."""

    def __init__(
        self, services: ConsoleServices, render: Renderer, inbox: InboxPages, live: Live | None
    ) -> None:
        self._services = services
        self._render = render
        self._inbox = inbox
        self._live = live

    def limit(self, visit: Visit) -> int:
        """Return how many messages the address asks for."""
        return visit.number("limit", _MESSAGES, _MOST_MESSAGES)

    async def look(self, visit: Visit, everything: bool) -> Sight:
        """Return what the page shows; without ``everything`` the list beside the conversation alone."""
        if everything:
            _, sight = await self.sight(visit)
            return sight
        text, waiting = await self._list(visit, visit.path("id"))
        return Sight(regions={"list": text}, waiting=waiting)

    async def sight(self, visit: Visit, new_from: int | None = None) -> tuple[Talk, Sight]:
        """Return the conversation and all regions; what came after the message ``new_from`` is pointed out."""
        services, limit = self._services, self.limit(visit)
        at = visit.number("at", 1, 2**31) if visit.query("at") else None
        talk = await services.view.talk(visit.path("id"), limit=limit, at=at)
        id_ = talk.line.id
        customer = await services.commerce.verified(conversation_id=id_)
        orders = (
            await services.commerce.orders_of(customer_id=customer.id, limit=_ORDERS)
            if customer
            else []
        )
        profile = await services.contacts.of_conversation(id_) if services.contacts else None
        agents = await services.agents.list()
        mine = talk.line.owner is Owner.HUMAN and talk.line.agent == visit.agent
        known: dict[str, Any] = {
            "talk": talk,
            "line": talk.line,
            "customer": customer,
            "mine": mine,
            "new_from": new_from,
            "more": min(limit * 2, _MOST_MESSAGES) if limit < _MOST_MESSAGES else 0,
            "draft": visit.form.get("text", ""),
            "mode": visit.form.get("mode", "reply" if mine else "note"),
            "longest": LONGEST_TEXT,
            "largest": services.media.largest,
            "outcomes": [*Outcome],
            "snoozes": SNOOZES,
            "others": [
                one.name
                for one in agents
                if one.status is AgentStatus.ONLINE and one.name != visit.agent
            ],
            "teams": services.handoff.teams,
            "orders": orders,
            "profile": profile,
            "present": await self._live.others(visit, id_) if self._live else (),
            "replies": await self._replies(visit, talk, orders) if mine else (),
        }
        beside, waiting = await self._list(visit, id_)
        regions = {"list": beside} | {
            name: self._render.region(visit, template, **known)
            for name, template in (
                ("head", "_talk_head.html"),
                ("thread", "_thread.html"),
                ("presence", "_presence.html"),
                ("compose", "_compose.html"),
                ("side", "_contact.html"),
            )
        }
        return talk, Sight(regions=regions, waiting=waiting)

    async def _list(self, visit: Visit, current: str) -> tuple[str, int]:
        desk = await self._services.view.desk(
            dict.fromkeys(_LISTED, _BESIDE), agent=visit.agent, now=self._services.clock()
        )
        text = self._inbox.region(visit, desk, Shown(), current)
        return text, desk.counts[Queue.WAITING]

    async def _replies(
        self, visit: Visit, talk: Talk, orders: Sequence[Order]
    ) -> list[tuple[Reply, str]]:
        """Return what can be said at a press, with what is known filled in."""
        if self._services.canned is None:
            return []
        values = {
            "customer": talk.line.name or "",
            "agent": visit.agent,
            "order": orders[0].number if orders else "",
            "ticket": talk.tickets[0].number if talk.tickets else "",
        }
        found = await self._services.canned.of(visit.agent)
        return [(one, filled(one.text(talk.line.language), values)) for one in found]
