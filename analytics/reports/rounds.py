"""The rounds of a conversation: where one begins and ends, what is certain of it, and what it is about."""

from msgspec.structs import replace

from analytics.reports.rows import Rows, group_of
from analytics.reports.seen import Seen
from analytics.reports.span import Actor, Group, Kind, Refile, Strike
from analytics.reports.state import PEOPLE, Ended, Rating, Round, Talk

_DAY = 86_400_000
QUIET = _DAY
"""After so long without a word a conversation with the assistant has ended, at its last sign of life."""
REOPENING = 7 * _DAY
"""Who comes back within it comes back about the same matter."""
STRUCK = -1
"""In the place of the round of a rating: it was spam."""


def due(talk: Talk) -> int | None:
    """Return when the conversation ends by itself."""
    return talk.life + QUIET if talk.round and talk.owner not in PEOPLE else None


def _refiled[T: (Ended, Rating)](kept: T, topic: str) -> T:
    return replace(kept, group=kept.group._replace(topic=topic))


class Rounds(Rows):
    """Begins and ends rounds."""

    def settle(self, now: int) -> None:
        """End the round if it has been quiet for long."""
        ends = due(self.talk)
        if ends is not None and ends <= now:
            self.end(self.talk.life, "quiet")

    def round(self) -> Round:
        """Return the round that goes on; a new one if there is none."""
        if self.talk.round is None:  # nothing ends or goes on that has not begun
            self.begin(self.talk.life, reopened=False)
        this = self.talk.round
        if this is None:
            raise LookupError("a round was begun and is not there")
        return this

    def begin(self, at: int, *, reopened: bool) -> None:
        """Begin a round if none goes on."""
        talk = self.talk
        if talk.round:
            return
        talk.round = Round(
            number=talk.rounds, started=at, provisional=talk.rounds > 0, reopened=reopened
        )
        talk.rounds += 1
        talk.topic = ""
        if not talk.round.provisional:
            self.happened(Kind.STARTED, at)

    def certain(self) -> None:
        """The round is more than a rating: it counts, and so does that the customer came back."""
        talk, this = self.talk, self.round()
        if not this.provisional:
            return
        this.provisional = False
        self.happened(Kind.STARTED, this.started)
        before = talk.ended
        if this.reopened and before and this.started - before.at <= REOPENING:
            group = before.group._replace(kind=Kind.REOPENED)
            self.add(group, before.at, this.started, round_=before.round)

    def end(self, at: int, outcome: str) -> None:
        """End the round, if one goes on; what nobody has answered by then nobody did."""
        talk, this = self.talk, self.talk.round
        talk.waiting = talk.first = talk.next = talk.bot = None
        if this is None or this.is_rating:
            talk.round = None
            return
        self.certain()
        if outcome == "spam":
            self.changes.append(Strike(this.number))
            self.happened(Kind.SPAM, at, this.who)
            talk.struck, talk.ended, talk.counts = this.number, None, {}
            for key, rating in talk.ratings.items():
                if rating.round == this.number:
                    talk.ratings[key] = replace(rating, round=STRUCK)
        else:
            self._ended(this, at, outcome)
        talk.round = None

    def _ended(self, this: Round, at: int, outcome: str) -> None:
        talk = self.talk
        actor = Actor.HUMAN if this.human else Actor.NOBODY if this.asked else Actor.BOT
        group = group_of(talk, Kind.ENDED, actor, this.who, outcome)
        lasted, working = max(0, at - this.started), self.business(this.started, at)
        messages = float(this.contact + this.bot + this.agent)
        self.add(group, this.started, at, lasted=lasted, business=working, value=messages)
        if this.asked:
            self.add(group._replace(kind=Kind.HANDED_OFF), this.started, at)
        # Only what somebody called settled says how long settling takes.
        if outcome not in ("quiet", "silent"):
            total = group._replace(kind=Kind.TOTAL_RESOLUTION)
            self.add(total, this.started, at, lasted=lasted, business=working)
            self._solved(this, group, at, lasted, working)
        talk.ended = Ended(at=at, round=this.number, group=group) if outcome != "quiet" else None

    def _solved(self, this: Round, group: Group, at: int, lasted: int, working: int) -> None:
        if this.human and this.people_from is not None:
            group = group._replace(kind=Kind.RESOLUTION)
            begun, lasted, working = this.people_from, this.people, this.people_business
        elif not this.human and not this.asked:
            group, begun = group._replace(kind=Kind.BOT_RESOLUTION), this.started
        else:
            return
        self.add(group, begun, at, lasted=lasted, business=working)

    def tell_topic(self, event: Seen) -> None:
        """Follow the conversation's own topic; it stays when a new round begins, and is news only when it changes."""
        topic = event.text("topic")
        if topic and (event.name == "conversation.resolved" or topic != self.talk.said_topic):
            self.file(topic)
        self.talk.said_topic = topic or self.talk.said_topic

    def file(self, topic: str) -> None:
        """File the current round, or the last one, under a topic."""
        talk = self.talk
        number = talk.rounds - 1
        if number < 0 or talk.topic == topic:
            return
        talk.topic = topic
        self.changes.append(Refile(number, topic))
        talk.ratings = {
            key: _refiled(rating, topic) if rating.round == number else rating
            for key, rating in talk.ratings.items()
        }
        if talk.ended and talk.ended.round == number:
            talk.ended = _refiled(talk.ended, topic)
