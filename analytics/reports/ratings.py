"""What customers think of a conversation: surveys and scores."""

from msgspec.structs import replace

from analytics.reports.rounds import STRUCK, Rounds
from analytics.reports.rows import group_of
from analytics.reports.seen import Seen
from analytics.reports.span import Actor, Group, Kind
from analytics.reports.state import BOT, HUMAN, Rating

_KEPT_RATINGS = 20
_SCALES = {
    "csat": (Kind.CSAT_ASKED, Kind.CSAT),
    "nps": (Kind.NPS_ASKED, Kind.NPS),
    "ces": (Kind.CES_ASKED, Kind.CES),
}
"""Of each kind of survey: its asking and its score."""
_ACTORS = {HUMAN: Actor.HUMAN, BOT: Actor.BOT}


class Ratings(Rounds):
    """Keeps what was asked and answered."""

    def rated(self, event: Seen) -> None:
        """Take note that somebody was asked, or answered."""
        talk, key = self.talk, event.id("feedback_id")
        scale = _SCALES.get(event.text("kind") or "csat")
        if scale is None or not key:
            return
        if event.name in ("feedback.scored", "feedback.commented") and talk.round:
            talk.round.answers += 1
        number = max(0, talk.rounds - 1)
        if key not in talk.ratings:
            # Spam is not asked, and what it says of us is not wanted either.
            if event.name not in ("feedback.surveyed", "feedback.scored") or (
                talk.round is None and talk.struck == number and talk.rounds
            ):
                return
            group = self._rated_group(event)
            talk.ratings[key] = Rating(number, self.take(), self.take(), group)
            for old in list(talk.ratings)[:-_KEPT_RATINGS]:
                del talk.ratings[old]
        if talk.ratings[key].round != STRUCK:
            self._rate(key, talk.ratings[key], event, *scale)

    def _rate(self, key: str, rating: Rating, event: Seen, asked: Kind, scored: Kind) -> None:
        score = event.number("score")
        if event.name == "feedback.surveyed":
            rating = replace(rating, asked_at=event.at)
        elif event.name == "feedback.scored" and score is not None:
            group = rating.group._replace(kind=scored)
            self.put(rating.score_number, group, rating.round, event.at, event.at, value=score)
            rating = replace(rating, answered=True)
        self.talk.ratings[key] = rating
        if (since := rating.asked_at) is not None:
            group, answered = rating.group._replace(kind=asked), float(rating.answered)
            self.put(rating.asked_number, group, rating.round, since, since, value=answered)

    def _rated_group(self, event: Seen) -> Group:
        """Return who is rated, as they were when the customer was asked."""
        known = group_of(self.talk, "")
        return known._replace(
            actor=_ACTORS.get(event.text("owner"), ""),
            agent=event.text("agent"),
            team=event.text("team") or known.team,
            channel=event.text("channel") or known.channel,
            topic=known.topic or ("" if self.talk.rounds else event.text("topic")),
            segment=event.text("segment") or known.segment,
            language=event.text("language") or known.language,
        )
