"""What the figures must be, by the plainest loops over all events: another way, written on its own.

It shares no code with what it checks. Nothing here is quick: for every question it looks at the whole log again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

DAY = timedelta(days=1)
PEOPLE = ("waiting", "human")


@dataclass(frozen=True)
class Happening:
    """An event of the log."""

    name: str
    occurred_at: datetime
    contact_id: str | None
    conversation_id: str | None
    data: dict[str, Any]


@dataclass
class Line:
    """A fact: comparable with a row of the product's."""

    kind: str
    round: int
    ended: datetime
    lasted: timedelta = timedelta()
    business: timedelta = timedelta()
    value: float | None = None
    actor: str = ""
    agent: str = ""
    team: str = ""
    channel: str = ""
    topic: str = ""
    segment: str = ""
    language: str = ""
    reason: str = ""
    customer: str = ""


@dataclass
class Stretch:
    """A round: the places of its first and last event, and how it ended."""

    number: int
    first: int
    reopened: bool
    started: datetime
    last: int | None = None
    ended: datetime | None = None
    outcome: str = ""
    inside: list[int] = field(default_factory=list)


def _is_move(event: Happening) -> bool:
    owners = (*PEOPLE, "bot", "closed")
    return event.name.startswith("conversation.") and event.data.get("owner") in owners


def _is_in(event: Happening) -> bool:
    return event.name == "message.received"


def _is_out(event: Happening, author: str) -> bool:
    return event.name in ("message.queued", "message.sent") and event.data.get("author") == author


class Talk:
    """One conversation, with the whole log at hand."""

    def __init__(
        self,
        log: list[Happening],
        conversation: str,
        working: Callable[[datetime, datetime], timedelta],
    ) -> None:
        mine = [
            (place, event)
            for place, event in enumerate(log)
            if event.conversation_id == conversation
            and event.name.partition(".")[0]
            in ("conversation", "message", "feedback", "ticket", "contact")
            and (not event.name.startswith("contact.") or event.name == "contact.verified")
        ]
        self.events = [event for _, event in mine]
        times = [event.occurred_at for event in log]
        self.log_times = [max(times[: place + 1]) for place, _ in mine]
        self.log_end = max(times)
        self.working = working
        self.rounds = self._rounds()

    # The state at a place, each by looking back

    def owner(self, place: int) -> str:
        """Who has it after the event at a place."""
        for event in reversed(self.events[: place + 1]):
            if _is_move(event):
                return str(event.data["owner"])
        return "bot"

    def agent(self, place: int) -> str:
        """Which agent has it after the event at a place."""
        for event in reversed(self.events[: place + 1]):
            if _is_move(event):
                return str(event.data.get("agent") or "") if event.data["owner"] == "human" else ""
        return ""

    def known(self, place: int, key: str) -> str:
        """What was last told of the conversation."""
        for event in reversed(self.events[: place + 1]):
            teller = (
                _is_in(event)
                or _is_move(event)
                or event.name in ("conversation.started", "contact.verified")
            )
            if not teller:
                continue
            if key == "team" and "team" in event.data:
                return str(event.data["team"] or "")
            if key != "team" and event.data.get(key):
                return str(event.data[key])
        return ""

    def life(self, place: int) -> datetime | None:
        """The last sign of life up to a place."""
        for event in reversed(self.events[: place + 1]):
            alive = _is_in(event) or _is_move(event) or event.name == "conversation.started"
            if alive or _is_out(event, "bot") or _is_out(event, "agent"):
                return event.occurred_at
        return None

    # Rounds

    def _rounds(self) -> list[Stretch]:
        found: list[Stretch] = []
        now: Stretch | None = None
        for place, event in enumerate(self.events):
            before = self.owner(place - 1) if place else "bot"
            if now and before not in PEOPLE:
                life = self.life(place - 1)
                if life and self.log_times[place] - life >= DAY:
                    now.last, now.ended, now.outcome = place - 1, life, "quiet"
                    now = None
            opens = (
                event.name == "conversation.started"
                or _is_in(event)
                or (_is_move(event) and event.data["owner"] in PEOPLE)
                or (_is_move(event) and before == "closed" and event.data["owner"] != "closed")
            )
            if opens and now is None:
                reopened = before == "closed" and event.name != "conversation.started"
                now = Stretch(len(found), place, reopened, event.occurred_at)
                found.append(now)
            if now:
                now.inside.append(place)
            if now and _is_move(event) and event.data["owner"] == "closed":
                now.last, now.ended = place, event.occurred_at
                now.outcome = event.data.get("outcome") or "solved"
                now = None
        if now:
            last = len(self.events) - 1
            life = self.life(last)
            if life and self.owner(last) not in PEOPLE and self.log_end - life >= DAY:
                now.last, now.ended, now.outcome = last, life, "quiet"
        return found

    def round_at(self, place: int) -> int:
        """The number of the last round that has begun at a place; 0 before the first."""
        begun = [each.number for each in self.rounds if each.first <= place]
        return begun[-1] if begun else 0

    def running(self, place: int) -> Stretch | None:
        """The round in which a place is."""
        return next((each for each in self.rounds if place in each.inside), None)

    def topic(self, number: int) -> str:
        """The last topic that was told between the beginning of a round and that of the next."""
        if number >= len(self.rounds):
            return ""
        start = self.rounds[number].first
        later = [each.first for each in self.rounds[number + 1 :]]
        topic = ""
        for place in range(start, later[0] if later else len(self.events)):
            topic = self._told_topic(place) or topic
        return topic

    def _told_topic(self, place: int) -> str:
        event = self.events[place]
        if event.name in ("ticket.opened", "ticket.topic_changed"):
            told = event.data.get("topic" if event.name == "ticket.opened" else "new") or ""
            return "" if told in ("handoff", "error", "feedback") else str(told)
        if not _is_move(event) or not event.data.get("topic"):
            return ""
        before = [
            each.data["topic"]
            for each in self.events[:place]
            if _is_move(each) and each.data.get("topic")
        ]
        news = not before or before[-1] != event.data["topic"]
        return str(event.data["topic"]) if news or event.name == "conversation.resolved" else ""

    # Of a round

    def count(self, this: Stretch, what: Callable[[Happening], bool], up_to: int) -> int:
        """How many events of a round up to a place are something."""
        return sum(1 for place in this.inside if place <= up_to and what(self.events[place]))

    def spoken(self, this: Stretch, up_to: int) -> bool:
        """Whether a person wrote or had it."""
        return any(
            _is_out(self.events[place], "agent")
            or (_is_move(self.events[place]) and self.events[place].data["owner"] == "human")
            for place in this.inside
            if place <= up_to
        )

    def certain_at(self, this: Stretch) -> int | None:
        """The place at which it is clear that a round is more than a rating."""
        if this.number == 0:
            return this.first
        for place in this.inside:
            event = self.events[place]
            words = self._words(this, place)
            if _is_move(event) and event.data["owner"] in PEOPLE:
                return place
            if _is_out(event, "agent") or (_is_in(event) and words >= 2):
                return place
        if this.last is not None and self._words(this, this.last) > 0:
            return this.last
        return None

    def _words(self, this: Stretch, place: int) -> int:
        answers = ("feedback.scored", "feedback.commented")
        rated = self.count(this, lambda each: each.name in answers and _scale(each) != "", place)
        return self.count(this, _is_in, place) - rated

    def who(self, this: Stretch) -> str:
        """The last person in a round."""
        name = ""
        for place in this.inside:
            event = self.events[place]
            if _is_out(event, "agent"):
                name = str(event.data.get("agent") or self.agent(place))
            elif _is_move(event) and event.data["owner"] == "human":
                name = str(event.data.get("agent") or "")
        return name

    def line(self, kind: str, place: int, ended: datetime, **more: Any) -> Line:
        """A fact with what was known at a place."""
        number = more.pop("round", self.round_at(place))
        made = Line(kind=kind, round=number, ended=ended, topic=self.topic(number))
        for key in ("team", "channel", "segment", "language"):
            setattr(made, key, self.known(place, key))
        made.customer = self._customer(place)
        for key, value in more.items():
            setattr(made, key, value)
        return made

    def _customer(self, place: int) -> str:
        for event in reversed(self.events[: place + 1]):
            if event.contact_id:
                return event.contact_id
        return ""

    def lasting(self, kind: str, place: int, since: datetime, **more: Any) -> Line:
        """A fact that lasted until the event at a place."""
        at = self.events[place].occurred_at
        more = {"lasted": at - since, "business": self.working(since, at), **more}
        return self.line(kind, place, at, **more)

    # The facts

    def lines(self) -> list[Line]:
        """Every fact that counts: what is of spam does not."""
        found = [
            *self._rounds_lines(),
            *self._answers(),
            *self._bot_answers(),
            *self._waits(),
            *self._handled(),
            *self._messages(),
            *self._ratings(),
        ]
        spam = {
            each.number: each
            for each in self.rounds
            if each.outcome == "spam" and self.certain_at(each) is not None
        }
        return [
            line
            for line in found
            if line.kind == "spam"
            or line.round not in spam
            or self._after_spam(line, spam[line.round])
        ]

    def _after_spam(self, line: Line, spam: Stretch) -> bool:
        return (
            line.kind.startswith("said_")
            and line.value is not None
            and getattr(line, "place", -1) > (spam.last or 0)
        )

    def _rounds_lines(self) -> Iterator[Line]:
        settled: Stretch | None = None
        for this in self.rounds:
            sure = self.certain_at(this)
            if sure is None:
                continue
            yield self.line("started", sure, this.started, round=this.number)
            if (
                this.reopened
                and settled
                and settled.ended
                and this.started - settled.ended <= timedelta(days=7)
            ):
                back = self._ending("reopened", settled)
                back.ended, back.lasted = this.started, timedelta()
                back.business, back.value = timedelta(), None
                yield back
            if this.last is None or this.ended is None:
                continue
            settled = this if this.outcome not in ("quiet", "spam") else None
            if this.outcome == "spam":
                yield self.line(
                    "spam", this.last, this.ended, agent=self.who(this), round=this.number
                )
                continue
            yield from self._end_lines(this)

    def _end_lines(self, this: Stretch) -> Iterator[Line]:
        end = self._ending("ended", this)
        yield end
        asked = self._asked(this)
        if asked:
            off = self._ending("handed_off", this)
            off.lasted = off.business = timedelta()
            off.value = None
            yield off
        if this.outcome in ("quiet", "silent"):
            return
        total = self._ending("total_resolution", this)
        total.value = None
        yield total
        if self.spoken(this, this.last or 0) and (spans := self._peoples(this)):
            own = self._ending("resolution", this)
            own.value, own.lasted, own.business = None, timedelta(), timedelta()
            for since, until in spans:
                own.lasted += until - since
                own.business += self.working(since, until)
            yield own
        elif not self.spoken(this, this.last or 0) and not asked:
            alone = self._ending("bot_resolution", this)
            alone.value = None
            yield alone

    def _asked(self, this: Stretch) -> bool:
        return any(
            self._calls(place) and self.events[place].data["owner"] == "waiting"
            for place in this.inside
        )

    def _calls(self, place: int) -> bool:
        event = self.events[place]
        before = self.owner(place - 1) if place else "bot"
        return _is_move(event) and event.data["owner"] in PEOPLE and before not in PEOPLE

    def _peoples(self, this: Stretch) -> list[tuple[datetime, datetime]]:
        found, since = [], None
        for place in this.inside:
            event = self.events[place]
            if self._calls(place):
                since = event.occurred_at
            elif since and _is_move(event) and event.data["owner"] not in PEOPLE:
                found.append((since, event.occurred_at))
                since = None
        return found

    def _ending(self, kind: str, this: Stretch) -> Line:
        last = this.last or 0
        ended = this.ended or this.started
        messages = sum(
            1
            for place in this.inside
            if _is_in(self.events[place])
            or _is_out(self.events[place], "bot")
            or _is_out(self.events[place], "agent")
        ) - self.count(this, lambda each: each.name == "message.fenced", last)
        spoken = self.spoken(this, last)
        return self.line(
            kind,
            last,
            ended,
            round=this.number,
            lasted=ended - this.started,
            business=self.working(this.started, ended),
            value=float(messages),
            actor="human" if spoken else "nobody" if self._asked(this) else "bot",
            agent=self.who(this),
            reason=this.outcome,
        )

    def _answers(self) -> Iterator[Line]:
        for place, event in enumerate(self.events):
            if self._calls(place):
                reason = event.data.get("reason") or "asked"
                if event.data["owner"] == "waiting":
                    yield self.line("handoff", place, event.occurred_at, reason=reason)
                yield from self._first(place)
        yield from self._nexts()

    def _first(self, place: int) -> Iterator[Line]:
        for later in range(place + 1, len(self.events)):
            event = self.events[later]
            if _is_move(event) and event.data["owner"] not in PEOPLE:
                return
            if _is_out(event, "agent"):
                yield self.lasting(
                    "first_response",
                    later,
                    self.events[place].occurred_at,
                    actor="human",
                    agent=self._writer(later),
                )
                return

    def _writer(self, place: int) -> str:
        return str(self.events[place].data.get("agent") or self.agent(place))

    def _nexts(self) -> Iterator[Line]:
        owed: datetime | None = None
        first_owed = False
        for place, event in enumerate(self.events):
            if self._calls(place):
                owed, first_owed = None, True
            elif _is_move(event) and event.data["owner"] not in PEOPLE:
                owed, first_owed = None, False
            elif _is_in(event) and self.owner(place) in PEOPLE and not first_owed:
                owed = owed or event.occurred_at
            elif _is_out(event, "agent"):
                if owed:
                    yield self.lasting(
                        "next_response", place, owed, actor="human", agent=self._writer(place)
                    )
                owed, first_owed = None, False

    def _bot_answers(self) -> Iterator[Line]:
        asked: datetime | None = None
        for place, event in enumerate(self.events):
            if asked and not any(
                place in each.inside and each.first <= self._place_of(asked)
                for each in self.rounds
            ):
                asked = None  # its round is over
            if _is_in(event) and self.owner(place) not in PEOPLE:
                asked = asked or event.occurred_at
            elif (
                self._calls(place)
                or _is_out(event, "agent")
                or (_is_move(event) and event.data["owner"] == "closed")
            ):
                asked = None
            elif _is_out(event, "bot"):
                if asked:
                    yield self.lasting("bot_response", place, asked, actor="bot")
                asked = None

    def _place_of(self, at: datetime) -> int:
        return max(
            place
            for place, event in enumerate(self.events)
            if _is_in(event) and event.occurred_at == at
        )

    def _waits(self) -> Iterator[Line]:
        since: datetime | None = None
        for place, event in enumerate(self.events):
            if not _is_move(event):
                continue
            owner = event.data["owner"]
            if owner == "waiting":
                since = since or event.occurred_at
            elif since:
                human = owner == "human"
                yield self.lasting(
                    "waiting" if human else "abandoned",
                    place,
                    since,
                    actor="human" if human else "nobody",
                    agent=str(event.data.get("agent") or "") if human else "",
                )
                since = None

    def _handled(self) -> Iterator[Line]:
        for place, event in enumerate(self.events):
            if not (_is_move(event) and event.data["owner"] == "human"):
                continue
            name = str(event.data.get("agent") or "")
            if place and self.owner(place - 1) == "human" and self.agent(place - 1) == name:
                continue
            signs, end = [event.occurred_at], None
            for later in range(place + 1, len(self.events)):
                other = self.events[later]
                if _is_in(other) or _is_out(other, "agent"):
                    signs.append(other.occurred_at)
                if _is_move(other) and (
                    other.data["owner"] != "human" or (other.data.get("agent") or "") != name
                ):
                    end = later
                    signs.append(other.occurred_at)
                    break
            if end is None:
                continue
            gaps = [(a, min(b, a + timedelta(minutes=15))) for a, b in pairwise(signs)]
            number = self.round_at(end)
            yield self.line(
                "handling",
                end - 1,
                signs[-1],
                round=number,
                topic=self.topic(number),
                lasted=sum((b - a for a, b in gaps), timedelta()),
                business=sum((self.working(a, b) for a, b in gaps), timedelta()),
                actor="human",
                agent=name,
                team=self.known(place, "team"),
                customer=self._customer(end),
            )

    def _messages(self) -> Iterator[Line]:
        for place, event in enumerate(self.events):
            kind, agent, value = "", "", 1.0
            if _is_in(event):
                kind, agent = "said_contact", self.agent(place)
            elif _is_out(event, "bot"):
                kind = "said_bot"
            elif _is_out(event, "agent"):
                kind, agent = "said_agent", self._writer(place)
            elif event.name == "message.fenced":
                kind, value = "said_bot", -1.0
            if kind:
                at = event.occurred_at
                quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
                line = self.line(kind, place, quarter, agent=agent, value=value)
                line.place = place  # type: ignore[attr-defined]
                yield line

    def _ratings(self) -> Iterator[Line]:
        seen: set[str] = set()
        for place, event in enumerate(self.events):
            key = str(event.data.get("feedback_id") or "")
            if (
                event.name not in ("feedback.surveyed", "feedback.scored")
                or not key
                or key in seen
            ):
                continue
            if not _scale(event):
                continue
            number = self.round_at(place)
            after = self.running(place) is None and number < len(self.rounds)
            if (
                after
                and self.rounds[number].outcome == "spam"
                and self.certain_at(self.rounds[number]) is not None
            ):
                continue
            seen.add(key)
            yield from self._rating(key, place, number)

    def _rating(self, key: str, place: int, number: int) -> Iterator[Line]:
        event = self.events[place]
        told = event.data
        about = {
            "actor": told.get("owner") or "",
            "agent": told.get("agent") or "",
            "round": number,
        }
        for name in ("team", "channel", "segment", "language"):
            if told.get(name):
                about[name] = told[name]
        scale = _scale(event)
        mine = [
            each
            for each in self.events[place:]
            if str(each.data.get("feedback_id") or "") == key and _scale(each)
        ]
        scores = [
            each
            for each in mine
            if each.name == "feedback.scored" and each.data.get("score") is not None
        ]
        asked = [each for each in mine if each.name == "feedback.surveyed"]
        if asked:
            yield self.line(
                f"{scale}_asked", place, asked[-1].occurred_at, value=float(bool(scores)), **about
            )
        if scores:
            yield self.line(
                scale,
                place,
                scores[-1].occurred_at,
                value=float(scores[-1].data["score"]),
                **about,
            )


def _scale(event: Happening) -> str:
    kind = event.data.get("kind") or "csat"
    return kind if kind in ("csat", "nps", "ces") else ""


def lines(log: list[Happening], working: Callable[[datetime, datetime], timedelta]) -> list[Line]:
    """Every fact about conversations in a log."""
    talks = dict.fromkeys(event.conversation_id for event in log if event.conversation_id)
    return [line for each in talks for line in Talk(log, each, working).lines()]


def summed(found: list[Line]) -> Counter[tuple[Any, ...]]:
    """Facts as they can be compared: messages of one quarter of an hour together, the rest one by one."""
    result: Counter[tuple[Any, ...]] = Counter()
    messages: dict[tuple[Any, ...], float] = {}
    for line in found:
        words = (
            line.kind,
            line.actor,
            line.agent,
            line.team,
            line.channel,
            line.topic,
            line.segment,
            line.language,
            line.reason,
            line.ended,
        )
        if line.kind.startswith("said_"):
            messages[words] = messages.get(words, 0) + (line.value or 0)
        else:
            result[(*words, line.lasted, line.business, line.value)] += 1
    for words, value in messages.items():
        if value:
            result[(*words, timedelta(), timedelta(), value)] += 1
    return result
