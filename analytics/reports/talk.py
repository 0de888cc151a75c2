"""A conversation's figures: what an event adds to them. Pure: the state that is given stays as it was."""

from collections.abc import Callable

from analytics.reports.business import Business
from analytics.reports.ratings import Ratings
from analytics.reports.rows import group_of
from analytics.reports.seen import Seen
from analytics.reports.span import Actor, Change, Kind, Open, number_of
from analytics.reports.state import BOT, CLOSED, HUMAN, PEOPLE, WAITING, Hold, Talk

LONGEST_GAP = 900_000
"""Milliseconds. A longer silence counts as this much handling: whoever waits so long does something else meanwhile."""
_OWNERS = frozenset({BOT, WAITING, HUMAN, CLOSED})
_NO_TOPICS = frozenset({"", "handoff", "error", "feedback"})
"""Of tickets that the desk opens by itself: they say how it came about, not what about it is."""


def fold_talk(talk: Talk, event: Seen, now: int, business: Business) -> tuple[Talk, list[Change]]:
    """Return the state after an event, and what changes in the figures; ``now`` is the time as the log knows it."""
    from_here = Conversation(talk, business)
    from_here.settle(now)
    from_here.see(event)
    return from_here.talk, from_here.changes


def settle_talk(talk: Talk, now: int, business: Business) -> tuple[Talk, list[Change]]:
    """End a conversation with the assistant in which nothing was said for long."""
    from_here = Conversation(talk, business)
    from_here.settle(now)
    return from_here.talk, from_here.changes


def open_spans(talk: Talk) -> list[Open]:
    """Return what has begun and not ended."""
    group, since, hold = group_of(talk, ""), talk.round, talk.hold
    found = [
        (Kind.FIRST_RESPONSE, talk.first, talk.agent),
        (Kind.NEXT_RESPONSE, talk.next, talk.agent),
        (Kind.WAITING, talk.waiting, ""),
        (Kind.HANDLING, hold.since if hold else None, talk.agent),
        (Kind.ENDED, since.started if since and not since.provisional else None, talk.agent),
    ]
    return [
        Open(group._replace(kind=kind, agent=agent), at)
        for kind, at, agent in found
        if at is not None
    ]


class Conversation(Ratings):
    """Follows a conversation from event to event."""

    def see(self, event: Seen) -> None:
        """Take note of an event."""
        talk = self.talk
        if event.contact:
            talk.customer = number_of(event.contact)
        owner = event.text("owner")
        if event.name.startswith("conversation.") and owner in _OWNERS:
            self._move(event, owner)
        elif (does := _DOES.get(event.name)) is not None:
            does(self, event)
        elif event.name.startswith("feedback."):
            self.rated(event)

    # What happens

    def _started(self, event: Seen) -> None:
        self._learn(event)
        self.talk.life = event.at
        self.begin(event.at, reopened=False)

    def _ticket(self, event: Seen) -> None:
        """A ticket of the conversation tells what it is about."""
        topic = event.text("new" if event.name == "ticket.topic_changed" else "topic")
        if topic not in _NO_TOPICS:
            self.file(topic)

    def _learn(self, event: Seen) -> None:
        talk = self.talk
        talk.channel = event.text("channel") or talk.channel
        talk.language = event.text("language") or talk.language
        talk.segment = event.text("segment") or talk.segment
        if "team" in event.data:
            talk.team = event.text("team")

    def _received(self, event: Seen) -> None:
        talk = self.talk
        self._learn(event)
        self.begin(event.at, reopened=talk.owner == CLOSED)
        this = self.round()
        this.contact += 1
        if this.contact - this.answers >= 2:
            self.certain()
        if talk.owner not in PEOPLE:
            talk.bot = event.at if talk.bot is None else talk.bot
        elif talk.first is None and talk.next is None:
            talk.next = event.at
        self.count("contact", event.at, talk.agent)
        self._lives(event.at)

    def _said(self, event: Seen) -> None:
        # A relay tells again that a message was sent, without its author; some authors are nobody who answers.
        author = event.text("author")
        if author == "bot":
            self._bot_said(event)
        elif author == "agent":
            self._agent_said(event)

    def _bot_said(self, event: Seen) -> None:
        talk = self.talk
        if talk.bot is not None:
            self.lasted(Kind.BOT_RESPONSE, talk.bot, event.at, actor=Actor.BOT)
            talk.bot = None
        if talk.round:
            talk.round.bot += 1
        self.count("bot", event.at, "")
        talk.life = event.at

    def _agent_said(self, event: Seen) -> None:
        talk = self.talk
        agent = event.text("agent") or talk.agent
        if talk.round:
            talk.round.agent += 1
            talk.round.human, talk.round.who = True, agent
            self.certain()
        if talk.first is not None:
            self.lasted(Kind.FIRST_RESPONSE, talk.first, event.at, agent)
        elif talk.next is not None:
            self.lasted(Kind.NEXT_RESPONSE, talk.next, event.at, agent)
        talk.first = talk.next = talk.bot = None
        self.count("agent", event.at, agent)
        self._lives(event.at)

    def _fenced(self, event: Seen) -> None:
        """Take back a message of the assistant's that never went out."""
        if self.talk.round:
            self.talk.round.bot -= 1
        self.count("bot", event.at, "", -1)

    def _move(self, event: Seen, owner: str) -> None:
        talk, at = self.talk, event.at
        agent = event.text("agent") if owner == HUMAN else ""
        if talk.hold and (owner != HUMAN or agent != talk.hold.agent):
            self._let_go(talk.hold, at)
        self._learn(event)
        if owner in PEOPLE or (talk.owner == CLOSED and owner != CLOSED):
            self.begin(at, reopened=talk.owner == CLOSED)
        self.tell_topic(event)
        if owner in PEOPLE and talk.owner not in PEOPLE:
            self._call(event, owner)
        if owner in PEOPLE:
            self._people(owner, agent, at)
        elif talk.owner in PEOPLE:
            self._leave(at)
        talk.owner, talk.agent, talk.life = owner, agent, at
        if owner == CLOSED:
            self.end(at, event.text("outcome") or "solved")

    def _call(self, event: Seen, owner: str) -> None:
        """The assistant gives it to people: their time begins."""
        talk, this, at = self.talk, self.round(), event.at
        this.people_from = at if this.people_from is None else this.people_from
        this.people_since = at
        talk.first, talk.next, talk.bot = at, None, None
        if owner == WAITING:
            this.asked = True
        self.certain()
        if owner == WAITING:
            self.happened(Kind.HANDOFF, at, reason=event.text("reason") or "asked")

    def _people(self, owner: str, agent: str, at: int) -> None:
        talk, this = self.talk, self.round()
        if owner == WAITING:
            talk.waiting = at if talk.waiting is None else talk.waiting
            return
        if talk.waiting is not None:
            self.lasted(Kind.WAITING, talk.waiting, at, agent)
            talk.waiting = None
        this.human, this.who = True, agent
        talk.hold = talk.hold or Hold(agent=agent, team=talk.team, since=at, life=at)

    def _leave(self, at: int) -> None:
        """People give it back or end it; what they have not answered by then they never did."""
        talk, this = self.talk, self.round()
        if talk.waiting is not None:
            self.lasted(Kind.ABANDONED, talk.waiting, at, actor=Actor.NOBODY)
        if this.people_since is not None:
            this.people += max(0, at - this.people_since)
            this.people_business += self.business(this.people_since, at)
        talk.waiting = talk.first = talk.next = this.people_since = None

    def _lives(self, at: int) -> None:
        self.talk.life = at
        if self.talk.hold:
            self._pass(self.talk.hold, at)

    def _pass(self, hold: Hold, at: int) -> None:
        gap = max(0, min(at - hold.life, LONGEST_GAP))
        hold.lasted += gap
        hold.business += self.business(hold.life, hold.life + gap)
        hold.life = at

    def _let_go(self, hold: Hold, at: int) -> None:
        self._pass(hold, at)
        group = group_of(self.talk, Kind.HANDLING, Actor.HUMAN, hold.agent, team=hold.team)
        self.add(group, hold.since, at, lasted=hold.lasted, business=hold.business)
        self.talk.hold = None


_DOES: dict[str, Callable[[Conversation, Seen], None]] = {
    "conversation.started": Conversation._started,
    "message.received": Conversation._received,
    "message.queued": Conversation._said,
    "message.sent": Conversation._said,
    "message.fenced": Conversation._fenced,
    "contact.verified": Conversation._learn,
    "ticket.opened": Conversation._ticket,
    "ticket.topic_changed": Conversation._ticket,
}
