"""In-memory services that keep the contract, a speaker that renders responses, and trackers to act on."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import yaml
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker

from actions.services import Services
from analytics.offers.model import Offer, Recommended
from desk.clock import StoppedClock
from desk.commerce.model import (
    Customer,
    Invoice,
    Match,
    MatchStatus,
    Order,
    OrderLine,
    Product,
    Refund,
)
from desk.commerce.numbers import normalise_order_number
from desk.commerce.policies import Policies
from desk.commerce.products import Found, best, terms
from desk.commerce.proof import proves
from desk.errors import NotFoundError
from desk.feedback.model import Rating
from desk.handoff.service import Outlook
from desk.tables.shop import InvoiceStatus, OrderStatus, RefundStatus
from desk.tickets.model import Ticket, TicketPriority, TicketStatus, TicketTopic

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2027, 3, 3, 15, 0, tzinfo=UTC)  # a Wednesday, ten o'clock in New York


def load_responses() -> dict[str, list[dict[str, Any]]]:
    """Every response of data/responses by name; a name that stands twice is an error."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((ROOT / "data/responses").glob("*.yml")):
        for name, variations in yaml.safe_load(path.read_text(encoding="utf-8"))[
            "responses"
        ].items():
            assert name not in found, name
            found[name] = variations
    return found


RESPONSES = load_responses()
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_]+)\}")


def order(number: str, status: OrderStatus, **changes: Any) -> Order:
    """An order of customer C1 with one line and an invoice."""
    base = Order(
        number=number,
        customer_id="C1",
        status=status,
        placed_at=NOW - timedelta(days=3),
        shipped_at=NOW - timedelta(days=2),
        expected_at=NOW + timedelta(days=2),
        delivered_at=None,
        carrier="UPS",
        tracking_number="LL1",
        total_cents=9480,
        currency="USD",
        ship_name="A. Customer",
        ship_address="12 Example Street",
        email="ana@example.com",
        phone="+1 555 0123",
        lines=(
            OrderLine(
                position=1, sku="S", name_en="Lamp", name_zh="台灯", quantity=2, price_cents=4740
            ),
        ),
        invoices=(
            Invoice(
                number=f"INV-{int(number) - 8000}",
                order_number=number,
                issued_at=NOW,
                due_at=None,
                total_cents=9480,
                currency="USD",
                status=InvoiceStatus.PAID,
                url="https://shop.example.com/i.pdf",
            ),
        ),
    )
    return replace(base, **changes)


def refund(status: RefundStatus) -> Refund:
    """A refund of order 10031."""
    return Refund(
        id="R1",
        order_number="10031",
        amount_cents=1890,
        currency="USD",
        status=status,
        reason="broken",
        requested_at=NOW,
        paid_at=None,
    )


ANA = Customer(
    id="C1",
    name="Ana",
    email="ana@example.com",
    phone="+1 555 0123",
    account_type="premium",
    created_at=NOW,
)


GOODS = tuple(
    Product(
        sku=sku, name_en=english, name_zh=chinese, price_cents=cents, currency="USD", in_stock=left
    )
    for sku, english, chinese, cents, left in (
        ("T1", "Glass teapot", "玻璃茶壶", 3490, 40),
        ("L1", "Desk lamp", "台灯", 4990, 2),
        ("L2", "Floor lamp", "落地灯", 12900, 0),
        ("C1", "Candle", "香薰蜡烛", 1790, None),
    )
)


@dataclass
class MemoryCommerce:
    """One customer; ``other`` belongs to somebody else."""

    orders: list[Order]
    known: bool = False
    wrong: int = 0
    keys: list[str] = field(default_factory=list)

    async def verified(self, *, conversation_id: str) -> Customer | None:
        return ANA if self.known else None

    async def orders_of(self, *, customer_id: str, limit: int = 5) -> list[Order]:
        return [one for one in self.orders if one.customer_id == customer_id][:limit]

    async def order(self, *, customer_id: str, number: str) -> Order | None:
        wanted = normalise_order_number(number)
        mine = (one for one in self.orders if one.customer_id == customer_id)
        return next(
            (one for one in mine if wanted == one.number or number == one.invoices[0].number), None
        )

    async def match(self, *, conversation_id: str, number: str, proof: str, key: str) -> Match:
        self.keys.append(key)
        found = next((one for one in self.orders if one.number == number), None)
        if (
            self.wrong < 3
            and found
            and proves(proof, emails=(found.email,), phones=(found.phone,))
        ):
            self.known = True
            return Match(status=MatchStatus.MATCHED, customer=ANA, order=found)
        self.wrong += 1
        status = MatchStatus.LOCKED if self.wrong >= 3 else MatchStatus.WRONG
        return Match(status=status, wrong_attempts=self.wrong)

    async def locked(self, *, conversation_id: str) -> bool:
        return self.wrong >= 3

    async def products(self, *, words: str) -> Found:
        return best(GOODS, terms(words))


@dataclass
class MemoryTickets:
    """Tickets by key."""

    opened: dict[str, Ticket] = field(default_factory=dict)

    async def open(self, *, key: str, conversation_id: str, **given: Any) -> Ticket:
        if key not in self.opened:
            number = len(self.opened) + 1
            self.opened[key] = Ticket(
                id=number,
                number=f"T-{number:06d}",
                contact_id="k1",
                conversation_id=conversation_id,
                status=TicketStatus.NEW,
                priority=TicketPriority(given.get("priority", "normal")),
                topic=TicketTopic(given["topic"]),
                title=given["title"],
                description=given["description"],
                contact_detail=given.get("contact_detail"),
                order_number=given.get("order_number"),
                assignee=None,
                created_at=NOW,
                updated_at=NOW,
                resolved_at=None,
            )
        return self.opened[key]

    async def latest(self, *, conversation_id: str) -> Ticket | None:
        return next(reversed(self.opened.values()), None)

    async def for_owner(self, *, conversation_id: str, number: str) -> Ticket | None:
        return next((one for one in self.opened.values() if one.number == number), None)


@dataclass
class MemoryFeedback:
    """Scores and comments by key."""

    may_ask: bool = True
    awaits: bool = False
    scores: dict[str, int] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    async def survey(self, *, conversation_id: str, key: str) -> bool:
        return self.may_ask

    async def awaits_score(self, *, conversation_id: str, since: datetime | None) -> bool:
        return self.awaits

    async def record(self, *, conversation_id: str, score: int, key: str) -> Rating:
        self.scores[key] = score
        low = "T-000009" if score <= 2 else None
        return Rating(score=score, resolution=0, recorded=True, ticket_number=low)

    async def comment(self, *, conversation_id: str, text: str, key: str) -> None:
        self.comments[key] = text


@dataclass
class MemoryHandoff:
    """What is true about waiting."""

    outlook_now: Outlook = field(
        default_factory=lambda: Outlook(
            open_now=True, waiting=0, opens_at=None, answer_within=timedelta(minutes=10)
        )
    )

    async def outlook(self, *, conversation_id: str, language: str) -> Outlook:
        return self.outlook_now


@dataclass
class MemoryConsents:
    """What was said, in order."""

    said: list[tuple[str, bool]] = field(default_factory=list)

    async def set(self, *, conversation_id: str, purpose: str, granted: bool, key: str) -> None:
        self.said.append((purpose, granted))


@dataclass
class MemoryOptOuts:
    """Remembers who stopped; consent is withdrawn with it."""

    consents: MemoryConsents
    stopped: list[str] = field(default_factory=list)

    async def stop(self, *, conversation_id: str, key: str) -> None:
        self.stopped.append(key)
        await self.consents.set(
            conversation_id=conversation_id, purpose="marketing", granted=False, key=key
        )


@dataclass
class MemoryOffers:
    """What is recommended to everybody; ``asked`` is with which customer, ``clicks`` which were pressed."""

    found: list[Recommended] = field(default_factory=list)
    asked: list[tuple[str | None, str]] = field(default_factory=list)
    clicks: list[int] = field(default_factory=list)

    async def answer(
        self, *, conversation_id: str, customer_id: str | None, key: str, count: int
    ) -> list[Recommended]:
        self.asked.append((customer_id, key))
        return self.found[:count]

    async def clicked(self, shown_id: int, *, conversation_id: str) -> Offer:
        for one in self.found:
            if one.shown_id == shown_id:
                self.clicks.append(shown_id)
                return one.offer
        raise NotFoundError


@dataclass
class Shop:
    """All twins together."""

    commerce: MemoryCommerce = field(
        default_factory=lambda: MemoryCommerce(
            [
                order("10023", OrderStatus.SHIPPED),
                order("10031", OrderStatus.DELIVERED, delivered_at=NOW - timedelta(days=2)),
                order("10042", OrderStatus.PROCESSING, customer_id="C2", email="li@example.com"),
            ]
        )
    )
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    feedback: MemoryFeedback = field(default_factory=MemoryFeedback)
    handoff: MemoryHandoff = field(default_factory=MemoryHandoff)
    consents: MemoryConsents = field(default_factory=MemoryConsents)
    opt_outs: MemoryOptOuts = field(init=False)
    offers: MemoryOffers = field(default_factory=MemoryOffers)
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOW))

    def __post_init__(self) -> None:
        self.opt_outs = MemoryOptOuts(self.consents)

    def services(self) -> Services:
        """The twins as the actions take them."""
        parts: Any = self
        return Services(
            commerce=parts.commerce,
            policies=Policies(ROOT / "policies.yml"),
            tickets=parts.tickets,
            feedback=parts.feedback,
            handoff=parts.handoff,
            consents=parts.consents,
            opt_outs=parts.opt_outs,
            offers=parts.offers,
            recommender=parts.offers,
            clock=self.clock,
        )


@dataclass
class Outcome:
    """What an action did."""

    events: list[dict[str, Any]]
    messages: list[dict[str, Any]]

    @property
    def said(self) -> list[str]:
        """The names of the responses."""
        return [str(one["response"]) for one in self.messages if one["response"]]

    @property
    def commands(self) -> list[dict[str, Any]]:
        """What the desk is told to do."""
        return [one["custom"] for one in self.messages if one["custom"]]

    @property
    def slots(self) -> dict[str, Any]:
        """The slots as they are set in the end."""
        return {one["name"]: one["value"] for one in self.events if one["event"] == "slot"}

    @property
    def continued(self) -> list[str]:
        """The turns that the action goes on with in the customer's name."""
        return [str(one["text"]) for one in self.events if one["event"] == "user"]

    def text(self, language: str = "en") -> str:
        """All that the customer reads, placeholders filled."""
        return "\n".join(_rendered(one, language) for one in self.messages if not one["custom"])


def _rendered(message: dict[str, Any], language: str) -> str:
    if not message["response"]:
        return str(message["text"])
    chinese, english = RESPONSES[message["response"]]
    text = (chinese if language == "zh" else english)["text"]
    missing = set(PLACEHOLDER.findall(text)) - message.keys()
    assert not missing, f"{message['response']} is said without {missing}"
    return PLACEHOLDER.sub(lambda found: str(message[found[1]]), text)


def tracker(
    text: str,
    intent: str,
    *,
    entities: dict[str, str] | None = None,
    slots: dict[str, Any] | None = None,
    active: str | None = None,
    started: bool = False,
    before: tuple[str, ...] = (),
    done: tuple[str, ...] = (),
    earlier: tuple[str, ...] = (),
    ranking: tuple[tuple[str, float], ...] = (),
) -> Tracker:
    """A tracker after one message; ``earlier`` are the actions that answered the one before it, ``before`` those
    since ``pending``, ``done`` those since the message."""
    found = [
        {
            "entity": name,
            "value": value,
            "start": text.find(value),
            "end": text.find(value) + len(value),
        }
        for name, value in (entities or {}).items()
    ]
    parsed = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "entities": found,
        "intent_ranking": [{"name": name, "confidence": share} for name, share in ranking],
    }
    events: list[dict[str, Any]] = [
        {"event": "user", "text": "earlier", "metadata": {"message_id": "m0"}}
    ]
    events += [{"event": "action", "name": name} for name in earlier]
    if slots and slots.get("pending"):
        events.append({"event": "slot", "name": "pending", "value": slots["pending"]})
    events += [{"event": "action", "name": name} for name in before]
    events += [
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": text, "metadata": {"message_id": "m1"}},
    ]
    events += [{"event": "action", "name": name} for name in done]
    if started:
        events.append({"event": "active_loop", "name": active})
    return Tracker(
        "c1",
        slots or {},
        parsed,
        events,
        False,
        None,
        {"name": active} if active else {},
        "action_listen",
        None,
    )


async def run(action: Action, at: Tracker) -> Outcome:
    """Run an action as Rasa would."""
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, at, cast(Any, {}))
    return Outcome([dict(one) for one in events], dispatcher.messages)
