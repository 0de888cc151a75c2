"""A shop in which campaigns went out and all sorts of things happened afterwards, drawn from a seed."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from analytics.campaigns import plan
from analytics.reports.business import ms
from analytics.reports.span import Group, Kind, group_id
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow
from desk.tables.campaign import (
    CampaignRecipientRow,
    CampaignRow,
    CampaignRunRow,
    CampaignState,
    RecipientState,
    RunState,
)
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow
from desk.tables.metrics import MetricGroupRow, MetricProgressRow, MetricSpanRow
from desk.tables.shop import CustomerRow, OrderRow, OrderStatus
from tests.campaigns.people import contact
from tests.conftest import NOON

WITHIN = timedelta(days=7)
ZONES = ("UTC", "Asia/Kathmandu", "America/New_York")
_HELLO = {"contents": {"en": {"text": "Hello"}}}
_STATES = (
    *[RecipientState.SENT] * 4,
    RecipientState.DELIVERED,
    RecipientState.READ,
    RecipientState.FAILED,
    RecipientState.UNKNOWN,
    RecipientState.QUEUED,
    RecipientState.HELD,
    RecipientState.SKIPPED,
)
_HAPPEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("contact.opted_out", {"reason": "stopped"}),
    ("contact.opted_out", {"reason": "complained"}),
    ("contact.opted_out", {"reason": "bounced"}),
    ("consent.withdrawn", {"purpose": "marketing"}),
    ("consent.withdrawn", {"purpose": "newsletter"}),
    ("ticket.opened", {"topic": "complaint"}),
    ("ticket.opened", {"topic": "refund"}),
    ("quiz.passed", {}),
)


def spring(**more: Any) -> plan.Plan:
    """Return a plan of two variants with a holdout."""
    variants = [{"name": name, "template": _HELLO} for name in ("bold", "plain")]
    return plan.read(
        {
            "segment_id": 1,
            "channels": ["memory"],
            "variants": variants,
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            "holdout": 0.3,
            **more,
        }
    )


class World:
    """Rows of a shop: everything random comes from the seed."""

    def __init__(self, seed: int, people: int) -> None:
        self._random = Random(seed)
        self._people = people
        self.rows: dict[Any, list[dict[str, Any]]] = {}

    def _add(self, table: Any, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def _time(self, start: datetime = NOON) -> datetime:
        """Return a time about a send; often an edge of its window."""
        edge = self._random.choice([timedelta(), WITHIN, -timedelta(days=365)])
        near = timedelta(microseconds=self._random.randint(-2, 2))
        far = timedelta(seconds=self._random.randint(-400 * 86_400, 20 * 86_400))
        soon = timedelta(seconds=self._random.randint(0, 8 * 86_400))
        return start + self._random.choice([edge + near, far, soon, soon])

    def fill(self, plans: list[plan.Plan]) -> None:
        """Draw people, what was sent to them, and what they did."""
        for n in range(self._people):
            self._person(n)
        for n in range(self._people // 5):
            # One turned out to be another, who is nobody else.
            self.rows[ContactRow][n]["merged_into"] = contact(n + self._people // 2)
        for number, one in enumerate(plans, 1):
            self._campaign(number, one)
        sent = [one for one in self.rows[CampaignRecipientRow] if one["sent_at"]]
        for _ in range(self._people * 6):
            self._happened(self._random.choice(sent))
        for kind in (Kind.HANDLING, Kind.HANDOFF):
            group = Group(kind.value)
            self._add(MetricGroupRow, id=group_id(group), **group._asdict())
        for number in range(self._people):
            self._worked(number, self._random.choice(sent))
        self._add(MetricProgressRow, id=1, told=ms(NOON), revision=1, generation=1)

    def _person(self, n: int) -> None:
        customer = f"c{n}" if self._random.random() < 0.8 else None
        if customer:
            self._add(CustomerRow, id=customer, name=customer, created_at=NOON)
        self._add(
            ContactRow, id=contact(n), customer_id=customer, created_at=NOON, merged_into=None
        )
        self._add(
            ConversationRow,
            **{"id": f"t{n}", "contact_id": contact(n), "channel": "memory", "account": "a"},
            **{"thread": f"t{n}", "owner": Owner.BOT, "language": "en"},
            **{"created_at": NOON, "updated_at": NOON},
        )

    def _campaign(self, number: int, one: plan.Plan) -> None:
        who = {"created_by": "Mo", "updated_by": "Mo", "created_at": NOON, "updated_at": NOON}
        state = CampaignState.RUNNING
        self._add(
            CampaignRow, id=number, name=f"C {number}", state=state, plan=one.written(), **who
        )
        for day in range(2):
            run, due = number * 10 + day, NOON + timedelta(days=day * 3)
            self._add(
                CampaignRunRow,
                **{"id": run, "campaign_id": number, "occurrence": f"{due:%Y-%m-%d}"},
                **{"state": RunState.RUNNING, "plan": one.written(), "due_at": due},
                **{"created_at": NOON, "planned_to": "", "audience": self._people},
            )
            names = [contact(n) for n in range(self._people)]
            for name, arm in zip(names, one.split(number).all(names), strict=True):
                if self._random.random() < 0.9:
                    self._recipient(run, name, arm, due)

    def _recipient(self, run: int, name: str, arm: str | None, due: datetime) -> None:
        state = self._random.choice(_STATES) if arm else RecipientState.HOLDOUT
        left_out = self._random.random() < 0.1
        state = RecipientState.SKIPPED if left_out else state
        is_sent = state in (*_STATES[3:8],)
        late = timedelta(seconds=self._random.randint(0, 7_200), microseconds=123_456)
        rest = state is RecipientState.HELD or (is_sent and self._random.random() < 0.2)
        place = len(self.rows.get(CampaignRecipientRow, [])) + 1
        self._add(
            CampaignRecipientRow,
            **{
                "id": place,
                "run_id": run,
                "contact_id": name,
                "channel": self._random.choice(["memory", "x"]),
            },
            **{"account": "a", "thread": f"t{name}", "address": name, "attempts": 1},
            **{"conversation_id": f"t{int(name, 16)}", "state": state, "rest": rest},
            **{"language": self._random.choice(["en", "zh"]), "zone": self._random.choice(ZONES)},
            **{"variant": (arm or "") if state is not RecipientState.HELD else ""},
            **{"due_at": None if left_out else due, "sent_at": due + late if is_sent else None},
            **{"not_before": due, "not_after": due + WITHIN, "told": True},
        )

    def _happened(self, one: dict[str, Any]) -> None:
        """Let somebody buy, click, write, complain, or do something else."""
        n = int(one["contact_id"], 16)
        if self._random.random() < 0.2:
            n = self._random.randrange(self._people)
        at = self._time(self._random.choice([one["sent_at"], one["due_at"] or NOON]))
        kind = self._random.choice([0, 0, 0, 1, 1, 2, 3, 3])
        if kind == 0 and self.rows[ContactRow][n]["customer_id"]:
            self._bought(self.rows[ContactRow][n]["customer_id"], at)
        elif kind == 1:
            name = self._random.choice(
                ["campaign.clicked", "campaign.replied", "campaign.bounced"]
            )
            self._event(name, {"recipient_id": one["id"]}, n, at)
        elif kind == 2:
            self._add(
                BehaviourRow,
                **{"key": f"b{len(self.rows.get(BehaviourRow, []))}", "name": "quiz.passed"},
                **{"contact_id": contact(n), "customer_id": None, "occurred_at": at},
            )
        else:
            self._event(*self._random.choice(_HAPPEN), n, at)

    def _bought(self, customer: str, at: datetime) -> None:
        self._add(
            OrderRow,
            **{"number": str(len(self.rows.get(OrderRow, []))), "customer_id": customer},
            **{"status": self._random.choice(list(OrderStatus)), "placed_at": at},
            **{"total_cents": self._random.randint(0, 9_999), "ship_name": "", "ship_address": ""},
            **{"currency": self._random.choice(["EUR", "EUR", "CNY"])},
        )

    def _event(self, name: str, data: dict[str, Any], n: int, at: datetime) -> None:
        self._add(
            EventRow,
            **{"name": name, "contact_id": contact(n), "conversation_id": f"t{n}"},
            **{"occurred_at": at, "data": data},
        )

    def _worked(self, number: int, one: dict[str, Any]) -> None:
        """Let somebody of ours spend time with a conversation."""
        kind = self._random.choice([Kind.HANDLING, Kind.HANDOFF])
        start = ms(self._time(one["sent_at"]))
        lasted = self._random.randint(0, 900_000) if kind is Kind.HANDLING else 0
        self._add(
            MetricSpanRow,
            **{"subject": f"c:t{int(one['contact_id'], 16)}", "number": number, "round": 0},
            **{"revision": 1, "group_id": group_id(Group(kind.value)), "customer": 0},
            **{"started": start, "ended": start + lasted, "lasted": lasted, "business": lasted},
        )

    async def write(self, database: Database) -> None:
        """Write all of it."""
        order = [
            *(CustomerRow, ContactRow, ConversationRow, CampaignRow, CampaignRunRow),
            *(table for table in self.rows if table not in (CustomerRow, ContactRow)),
        ]
        async with database.write() as session:
            for table in dict.fromkeys(order):
                if self.rows.get(table):
                    await session.execute(insert(table), self.rows[table])
