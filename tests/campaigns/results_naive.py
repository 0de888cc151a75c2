"""What came of a campaign by the definitions alone: loops over plain rows, nothing shared with what is tested."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from desk.tables.behaviour import BehaviourRow
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow
from desk.tables.contact import ContactRow
from desk.tables.event import EventRow
from desk.tables.metrics import MetricSpanRow
from desk.tables.shop import OrderRow
from tests.campaigns.results_world import WITHIN, World

type Row = dict[str, Any]
YEAR = timedelta(days=365)
_REACHED = ("sent", "delivered", "read")
_ARM_OF_NOBODY = "(holdout)"


def _has(name: str, value: Any) -> Callable[[Row], bool]:
    return lambda one: one[name] == value


class Naive:
    """The same figures, slowly."""

    def __init__(self, world: World, campaign: int, run: int | None, now: datetime) -> None:
        self.rows = world.rows
        self.now = now
        self.contacts = {one["id"]: one for one in self.rows[ContactRow]}
        runs = [one for one in self.rows[CampaignRunRow] if one["campaign_id"] == campaign]
        self.runs = {one["id"]: one["occurrence"] for one in runs if run in (None, one["id"])}
        due = min(one["due_at"] for one in runs if one["id"] in self.runs)
        touching = {one["id"] for one in runs if one["due_at"] >= due}
        self.near = [one for one in self.rows[CampaignRecipientRow] if one["run_id"] in touching]
        self.asked = [one for one in self.near if one["run_id"] in self.runs]

    def person(self, contact_id: str) -> str:
        """Return who somebody is now."""
        return self.contacts[contact_id]["merged_into"] or contact_id

    def customer(self, person: str) -> str | None:
        """Return which customer a person is."""
        found: str | None = self.contacts[person]["customer_id"]
        return found

    @staticmethod
    def arm(one: Row) -> str:
        """Return what somebody was drawn for."""
        return "(rest)" if one["rest"] else one["variant"] or _ARM_OF_NOBODY

    def keys(self, one: Row) -> Iterator[tuple[str, str]]:
        """Return the lines that a row belongs to."""
        yield "total", ""
        yield "variant", self.arm(one)
        yield "channel", one["channel"]
        yield "language", one["language"]
        yield "run", self.runs[one["run_id"]]
        yield "part", "rest" if one["rest"] else "test"
        if one["state"] in _REACHED:
            local = one["sent_at"].astimezone(ZoneInfo(one["zone"]))
            yield "day", f"{local:%Y-%m-%d}"
            yield "hour", f"{local:%H}"

    # --- what belongs to which message

    def owner(self, fits: Callable[[Row], bool], at: datetime, view: str = "sent") -> Row | None:
        """Return the last message before something, if it is one of those asked about."""
        best: tuple[datetime, int] | None = None
        found = None
        for one in self.near:
            start = one["due_at"] if view == "drawn" else one["sent_at"]
            if start is None or (view == "sent" and one["state"] not in _REACHED):
                continue
            if fits(one) and start <= at < start + WITHIN:
                place = (start, one["id"])
                if best is None or place > best:
                    best, found = place, one
        return found if found and found["run_id"] in self.runs else None

    def by_person(self, person: str) -> Callable[[Row], bool]:
        """Return whether a message went to somebody."""
        return lambda one: self.person(one["contact_id"]) == person

    def by_customer(self, customer: str) -> Callable[[Row], bool]:
        """Return whether a message went to a customer."""
        return lambda one: self.customer(self.person(one["contact_id"])) == customer

    def events(self, *wanted: tuple[str, str, str]) -> Iterator[tuple[str, datetime]]:
        """Return who did something, and when: by the event's name, and what stands in it."""
        for one in self.rows[EventRow]:
            for name, key, value in wanted:
                if one["name"] == name and (not key or one["data"][key] == value):
                    yield self.person(one["contact_id"]), one["occurred_at"]

    def doing(self, name: str, view: str = "sent") -> list[tuple[Row, float]]:
        """Return messages with what came of them."""
        found: list[tuple[Row | None, float]] = []
        if name in ("clicked", "replied", "bounced"):
            for one in self.rows[EventRow]:
                if one["name"] == f"campaign.{name}":
                    fits = _has("id", one["data"]["recipient_id"])
                    found.append((self.owner(fits, one["occurred_at"], view), 1.0))
        elif name in ("handoffs", "minutes"):
            for one in self.rows[MetricSpanRow]:
                talk = one["subject"].removeprefix("c:t")
                who = self.person(f"{int(talk):032x}")
                at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=one["started"])
                is_handling = one["lasted"] > 0
                if is_handling is (name == "minutes"):
                    worth = one["lasted"] / 60_000 if is_handling else 1.0
                    found.append((self.owner(self.by_person(who), at, view), worth))
        else:
            for who, at in self.done(name):
                found.append((self.owner(self.by_person(who), at, view), 1.0))
        return [(one, worth) for one, worth in found if one is not None]

    def done(self, name: str) -> Iterator[tuple[str, datetime]]:
        """Return who did something, and when."""
        if name == "opted_out":
            yield from self.events(
                ("contact.opted_out", "reason", "stopped"),
                ("consent.withdrawn", "purpose", "marketing"),
            )
        elif name == "complained":
            yield from self.events(
                ("contact.opted_out", "reason", "complained"),
                ("ticket.opened", "topic", "complaint"),
            )
        else:
            yield from self.events((name, "", ""))
            for one in self.rows[BehaviourRow]:
                if one["name"] == name:
                    yield self.person(one["contact_id"]), one["occurred_at"]

    def orders(self, view: str) -> list[tuple[Row, Row]]:
        """Return messages with the orders that came of them."""
        found = []
        for order in self.rows[OrderRow]:
            if order["status"] != "cancelled":
                fits = self.by_customer(order["customer_id"])
                owner = self.owner(fits, order["placed_at"], view)
                if owner:
                    found.append((owner, order))
        return found

    # --- figures

    def counts(self, goal: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every line."""
        lines: dict[tuple[str, str], dict[str, Any]] = defaultdict(lambda: defaultdict(float))
        for one in self.asked:
            for key in self.keys(one):
                self._state(lines[key], one)
        names = ["clicked", "replied", "opted_out", "complained"]
        for name in names:
            self._people(lines, name, [one for one, _ in self.doing(name)])
        self._people(lines, "bounced", [one for one, _ in self.doing("bounced", "tried")])
        orders = self.orders("sent")
        did = [one for one, _ in (orders if goal == "order.placed" else self.doing(goal))]
        self._people(lines, "converted", did)
        self._people(lines, "handed_over", [one for one, _ in self.doing("handoffs")])
        for name in ("handoffs", "minutes"):
            for one, worth in self._first(self.doing(name)):
                for key in self.keys(one):
                    lines[key][name] += worth
        for one, order in self._first(orders):
            for key in self.keys(one):
                lines[key][order["currency"]] += order["total_cents"]
        return lines

    def _state(self, line: dict[str, Any], one: Row) -> None:
        state: str = one["state"]
        line["audience"] += 1
        place = {"skipped": "left_out"}.get(state, state)
        place = "sent" if state in _REACHED else place
        place = "waiting" if state in ("queued", "held") else place
        line[place] += 1
        line["delivered"] += state in ("delivered", "read")
        line["read"] += state == "read"
        line["still_open"] += state in _REACHED and one["sent_at"] + WITHIN > self.now

    def _first[Thing](self, found: list[tuple[Row, Thing]]) -> Iterator[tuple[Row, Thing]]:
        """Return things with the first row that a person has among these in a run."""
        firsts: dict[tuple[int, str, str], Row] = {}
        for one, thing in found:
            kind = thing["currency"] if isinstance(thing, dict) else ""
            place = (one["run_id"], self.person(one["contact_id"]), kind)
            if place not in firsts or one["id"] < firsts[place]["id"]:
                firsts[place] = one
        for one, thing in found:
            kind = thing["currency"] if isinstance(thing, dict) else ""
            yield firsts[one["run_id"], self.person(one["contact_id"]), kind], thing

    def _people(self, lines: dict[Any, Any], name: str, found: list[Row]) -> None:
        once = {(one["run_id"], one["id"]): one for one, _ in self._first([(o, 0) for o in found])}
        for one in once.values():
            for key in self.keys(one):
                lines[key][name] += 1

    # --- compared with the holdout

    def drawn(self) -> dict[str, Row]:
        """Return everybody who was drawn, by the first of their rows."""
        found: dict[str, Row] = {}
        for one in sorted(self.asked, key=lambda one: one["id"]):
            if one["due_at"] is not None:
                found.setdefault(self.person(one["contact_id"]), one)
        return found

    def outcomes(self, found: list[tuple[Row, float]]) -> dict[str, list[float]]:
        """Return what each person did, by their arm, in the order of people."""
        sums: dict[str, float] = defaultdict(float)
        for one, worth in found:
            sums[self.person(one["contact_id"])] += worth
        return self.by_arm(sums)

    def by_arm(self, sums: dict[str, float]) -> dict[str, list[float]]:
        """Return values of people by their arm."""
        arms: dict[str, list[float]] = defaultdict(list)
        for person, one in self.drawn().items():
            arms[self.arm(one)].append(sums.get(person, 0.0))
        return arms

    def before(self, currency: str) -> dict[str, list[float]]:
        """Return what each person had bought in the year before their first message was due."""
        sums: dict[str, float] = {}
        for person, one in self.drawn().items():
            customer, due = self.customer(person), one["due_at"]
            sums[person] = sum(
                order["total_cents"]
                for order in self.rows[OrderRow]
                if customer is not None
                and order["customer_id"] == customer
                and order["status"] != "cancelled"
                and order["currency"] == currency
                and due - YEAR <= order["placed_at"] < due
            )
        return self.by_arm(sums)
