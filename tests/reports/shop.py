"""A believable log of a small shop, from a seed: most of what can happen to a conversation, in some weeks."""

import random
from datetime import timedelta
from typing import Any

from tests.reports.oracle import Happening
from tests.reports.streams import START

_AGENTS = {"Mo": "sales", "Kit": "care", "Ada": "care"}


class Talking:
    """Tells one conversation's events as time passes."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.dice = dice
        self.id, self.contact = f"talk{number}", f"contact{number % 30}"
        self.at = START + timedelta(seconds=dice.randint(0, 28 * 86_400))
        self.about: dict[str, Any] = {
            "channel": dice.choice(("webchat", "telegram")),
            "language": dice.choice(("en", "zh")),
        }
        self.events: list[Happening] = []

    def tell(self, name: str, seconds: int, **data: Any) -> None:
        """Let something happen after some time."""
        self.at += timedelta(seconds=seconds)
        self.events.append(Happening(name, self.at, self.contact, self.id, data))

    def play(self) -> list[Happening]:
        """Return the conversation."""
        dice = self.dice
        self.tell("conversation.started", 0, **self.about)
        self._ask_bot()
        if dice.random() < 0.3:
            self.tell("contact.verified", 5, segment=dice.choice(("standard", "premium")))
        if dice.random() < 0.6:
            self._people(dice.choice(list(_AGENTS)))
        if dice.random() < 0.3:
            self.tell("conversation.reopened", dice.choice((30, 7_000, 900_000)), owner="bot")
            self._ask_bot()
        return self.events

    def _ask_bot(self) -> None:
        for _ in range(self.dice.randint(1, 3)):
            self.tell("message.received", self.dice.randint(1, 90), **self.about)
            self.tell("message.sent", self.dice.randint(0, 4), author="bot")

    def _people(self, agent: str) -> None:
        dice = self.dice
        reason = dice.choice(("asked", "angry", "not understood"))
        self.tell("conversation.handoff_requested", 1, owner="waiting", reason=reason)
        if dice.random() < 0.1:
            self.tell("conversation.handoff_expired", 600, owner="bot")
            return
        self.tell(
            "conversation.taken_over",
            dice.randint(5, 900),
            owner="human",
            agent=agent,
            team=_AGENTS[agent],
        )
        for _ in range(dice.randint(0, 4)):
            self.tell("message.queued", dice.randint(5, 4_000), author="agent", agent=agent)
            for _ in range(dice.randint(0, 2)):
                self.tell("message.received", dice.randint(5, 300), **self.about)
        if dice.random() < 0.2:
            agent = dice.choice(list(_AGENTS))
            self.tell("conversation.transferred", 60, owner="human", agent=agent)
            self.tell("message.queued", dice.randint(5, 4_000), author="agent", agent=agent)
        self._end(agent)

    def _end(self, agent: str) -> None:
        dice = self.dice
        outcome = dice.choice(("solved", "solved", "solved", "unsolved", "silent", "spam"))
        topic = dice.choice(("refund", "delivery", None))
        self.tell("conversation.resolved", 30, owner="closed", outcome=outcome, topic=topic)
        rating = {"feedback_id": dice.randint(1, 10**9), "owner": "human", "agent": agent}
        if outcome in ("solved", "unsolved"):
            self.tell("feedback.surveyed", 0, **rating)
            if dice.random() < 0.5:
                self.tell("conversation.reopened", 60, owner="bot")
                self.tell("message.received", 0, **self.about)
                self.tell("feedback.scored", 1, score=dice.randint(1, 5), **rating)


class Asking:
    """Tells one ticket's events as time passes."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.dice = dice
        self.at = START + timedelta(seconds=dice.randint(0, 28 * 86_400))
        self.contact = f"contact{number % 30}"
        self.about: dict[str, Any] = {
            "ticket_id": number + 1,
            "topic": dice.choice(("refund", "delivery")),
            "channel": dice.choice(("webchat", "telegram")),
            "assignee": None,
            "team": None,
        }
        self.status = "new"
        self.events: list[Happening] = []

    def tell(self, name: str, seconds: int, **data: Any) -> None:
        """Let something happen after some time."""
        self.at += timedelta(seconds=seconds)
        data = self.about | {"status": self.status} | data
        self.events.append(Happening(name, self.at, self.contact, None, data))

    def play(self) -> list[Happening]:
        """Return the ticket."""
        dice, agent = self.dice, self.dice.choice(list(_AGENTS))
        self.tell("ticket.opened", 0, author="contact", by="contact")
        self.about |= {"assignee": agent, "team": _AGENTS[agent]}
        self.tell("ticket.assigned", 30, author="system", by="rule: care", new=agent, old=None)
        if dice.random() < 0.8:
            by = dice.choice(list(_AGENTS))
            self.tell(
                "ticket.commented", dice.randint(60, 9_000), author="agent", by=by, public=True
            )
            self.tell("ticket.replied", 0, by="agent", agent=by, first=True)
            self._clock("first_response")
        if dice.random() < 0.4:
            self._move("pending", 30, agent)
            self._move("open", dice.randint(600, 90_000), None)
        if dice.random() < 0.9:
            self._move("resolved", dice.randint(60, 90_000), dice.choice((agent, "Ada", None)))
            self._clock("resolution")
        if dice.random() < 0.2:
            self._move("open", 4_000, None)
        return self.events

    def _move(self, new: str, seconds: int, agent: str | None) -> None:
        old, self.status = self.status, new
        who = {"author": "agent" if agent else "contact", "by": agent or "contact"}
        self.tell("ticket.status_changed", seconds, old=old, new=new, **who)

    def _clock(self, kind: str) -> None:
        name = "sla.breached" if self.dice.random() < 0.2 else "sla.met"
        self.tell(name, 1, clock_id=10 * self.about["ticket_id"] + len(kind), kind=kind)


def log(talks: int, seed: int) -> list[Happening]:
    """Return a log in the order of time: conversations, and a ticket for every second of them."""
    dice = random.Random(seed)
    events = [event for number in range(talks) for event in Talking(number, dice).play()]
    events += [event for number in range(talks // 2) for event in Asking(number, dice).play()]
    return sorted(events, key=lambda event: event.occurred_at)
