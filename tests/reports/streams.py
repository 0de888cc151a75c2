"""Random logs: believable ones and broken ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.reports.oracle import Happening

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_AGENTS = st.sampled_from(("Mo", "Kit", None))
_TOPICS = st.sampled_from((None, None, "refund", "delivery"))
_TEAMS = st.sampled_from((None, "sales", "care"))
_STEPS = st.one_of(
    st.integers(0, 120),
    st.integers(0, 3_600),
    st.sampled_from((0, 900, 86_399, 86_400, 90_000, 200_000, 605_000)),
)


def _fields(**each: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields: what old events lack."""
    return st.fixed_dictionaries({}, optional=each)


_MOVE = st.fixed_dictionaries(
    {"owner": st.sampled_from(("bot", "waiting", "human", "human", "closed", "closed"))},
    optional={
        "agent": _AGENTS,
        "team": _TEAMS,
        "topic": _TOPICS,
        "reason": st.sampled_from(("asked", "angry")),
        "outcome": st.sampled_from((None, "solved", "silent", "spam", "unsolved")),
    },
)
_RATING = st.fixed_dictionaries(
    {"feedback_id": st.integers(1, 4)},
    optional={
        "owner": st.sampled_from(("bot", "human")),
        "agent": _AGENTS,
        "kind": st.sampled_from(("csat", "other")),
        "team": _TEAMS,
    },
)
_ONE = st.one_of(
    st.tuples(st.just("message.received"), _fields(language=st.sampled_from(("en", "zh")))),
    st.tuples(
        st.sampled_from(("message.queued", "message.sent")),
        st.fixed_dictionaries(
            {"author": st.sampled_from(("bot", "agent", "agent", "system", None))},
            optional={"agent": _AGENTS},
        ),
    ),
    st.tuples(
        st.sampled_from(("conversation.moved", "conversation.moved", "conversation.resolved")),
        _MOVE,
    ),
    st.tuples(st.just("conversation.started"), _fields(channel=st.just("webchat"))),
    st.tuples(st.just("message.fenced"), st.just({})),
    st.tuples(st.just("contact.verified"), _fields(segment=st.sampled_from(("gold", "plain")))),
    st.tuples(st.just("ticket.opened"), _fields(topic=st.sampled_from(("refund", "handoff")))),
    st.tuples(st.just("feedback.surveyed"), _RATING),
    st.tuples(
        st.just("feedback.scored"),
        st.tuples(_RATING, st.integers(1, 5)).map(lambda both: both[0] | {"score": both[1]}),
    ),
    st.tuples(st.just("feedback.commented"), _RATING),
)


@st.composite
def logs(draw: st.DrawFn, talks: int = 3, longest: int = 30) -> list[Happening]:
    """A log whose times never go back."""
    at, found = START, []
    for step, who, (name, data) in draw(
        st.lists(st.tuples(_STEPS, st.integers(1, talks), _ONE), max_size=longest)
    ):
        at += timedelta(seconds=step)
        found.append(Happening(name, at, f"contact{who}", f"talk{who}", data))
    return found


_STATUS = st.sampled_from(("open", "pending", "on_hold", "resolved", "closed"))
_DOER = st.fixed_dictionaries(
    {},
    optional={
        "author": st.sampled_from(("agent", "contact", "system")),
        "by": st.sampled_from(("Mo", "Kit", "agent", "rule: refunds", None)),
    },
)
_OF_TICKET = st.one_of(
    st.tuples(st.just("ticket.status_changed"), st.tuples(_STATUS, _DOER)),
    st.tuples(st.just("ticket.status_changed"), st.tuples(_STATUS, _DOER)),
    st.tuples(st.just("ticket.assigned"), st.fixed_dictionaries({"new": _AGENTS})),
    st.tuples(st.just("ticket.topic_changed"), st.fixed_dictionaries({"new": _TOPICS})),
    st.tuples(
        st.just("ticket.replied"),
        _fields(by=st.sampled_from(("agent", "agent", "bot")), agent=_AGENTS),
    ),
    st.tuples(
        st.just("ticket.commented"),
        st.tuples(_DOER, st.booleans()).map(lambda both: both[0] | {"public": both[1]}),
    ),
    st.tuples(st.sampled_from(("ticket.merged", "ticket.unmerged")), st.just({})),
    st.tuples(
        st.sampled_from(("sla.met", "sla.breached")),
        st.fixed_dictionaries(
            {"clock_id": st.integers(1, 3), "kind": st.sampled_from(("resolution", "next"))}
        ),
    ),
)


class _Opened:
    """A ticket as its events tell of it: a status that follows from the one before."""

    def __init__(self) -> None:
        self.status, self.joined = "new", False
        self.assignee: str | None = None

    def told(self, name: str, drawn: Any) -> dict[str, Any] | None:
        """Return the data of what happens next; nothing where it cannot."""
        if name == "ticket.status_changed":
            new, doer = drawn
            if new == self.status or self.joined:
                return None
            old, self.status = self.status, new
            return {"old": old, "new": new, **doer}
        if name in ("ticket.merged", "ticket.unmerged"):
            if (name == "ticket.unmerged") is not self.joined:
                return None
            self.joined = not self.joined
            return {"status": self.status}
        if name == "ticket.assigned":
            self.assignee = drawn["new"]
        return dict(drawn)


@st.composite
def ticket_logs(draw: st.DrawFn, tickets: int = 2, longest: int = 30) -> list[Happening]:
    """A log of tickets whose times never go back; some older ones do not say who has them."""
    at, found, known = START, [], dict[int, _Opened]()
    says_who = draw(st.booleans())
    one = st.tuples(_STEPS, st.integers(1, tickets), _OF_TICKET)
    # Left to itself it draws short ones, in which nothing is merged, taken back and settled.
    shortest = draw(st.sampled_from((0, longest // 2)))
    for step, number, (name, drawn) in draw(st.lists(one, min_size=shortest, max_size=longest)):
        at += timedelta(seconds=step)
        is_new = number not in known
        ticket = known.setdefault(number, _Opened())
        data = {"topic": "refund"} if is_new else ticket.told(name, drawn)
        if data is None:
            continue
        if says_who and "new" not in data:
            data["assignee"] = ticket.assignee
        event = "ticket.opened" if is_new else name
        about = {"ticket_id": number, "team": draw(_TEAMS)}
        found.append(Happening(event, at, f"contact{number}", None, about | data))
    return found


_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.none(), max_size=1)
)
_NAMES = st.sampled_from(
    (
        "message.received",
        "message.queued",
        "conversation.resolved",
        "conversation.moved",
        "feedback.scored",
        "ticket.opened",
        "ticket.status_changed",
        "sla.breached",
        "sla.met",
        "contact.merged",
        "contact.split",
        "nonsense",
        "",
    )
)
_KEYS = st.sampled_from(
    (
        "owner",
        "author",
        "agent",
        "topic",
        "team",
        "score",
        "feedback_id",
        "ticket_id",
        "old",
        "new",
        "outcome",
        "other_id",
        "kind",
        "reason",
        "by",
    )
)


@st.composite
def broken_logs(draw: st.DrawFn) -> list[Happening]:
    """A log in which anything can stand anywhere, also times that go back."""
    rows = draw(
        st.lists(
            st.tuples(
                _NAMES,
                st.integers(-100_000, 1_000_000),
                st.sampled_from((None, "talk1", "talk2")),
                st.dictionaries(_KEYS, _JUNK, max_size=6),
            ),
            max_size=20,
        )
    )
    return [
        Happening(name, START + timedelta(seconds=second), contact, contact, data)
        for name, second, contact, data in rows
    ]
