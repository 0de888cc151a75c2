"""What the sidebar leads to. A page of yours gets a line here; it shows to whoever may do its deed."""

from collections.abc import Collection
from dataclasses import dataclass

from console.visit import Visit
from desk.access.policy import Deed


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the sidebar; its words are ``nav.KEY``, and pages in it name ``KEY`` in their block ``section``."""

    key: str
    path: str
    icon: str
    deed: Deed
    #: The letter after ``g`` that leads there.
    letter: str = ""


WORK = (
    Entry(key="inbox", path="/console", icon="inbox", deed=Deed.CONVERSATION_SEE, letter="i"),
    Entry(key="tickets", path="/console/tickets", icon="ticket", deed=Deed.TICKET_SEE, letter="t"),
    Entry(
        key="contacts", path="/console/contacts", icon="person", deed=Deed.CONTACT_SEE, letter="c"
    ),
    Entry(
        key="feedback", path="/console/feedback", icon="star", deed=Deed.FEEDBACK_SEE, letter="f"
    ),
    Entry(key="insight", path="/console/insight", icon="people", deed=Deed.SEGMENT_SEE),
    Entry(key="segments", path="/console/segments", icon="filter", deed=Deed.SEGMENT_SEE),
    Entry(key="campaigns", path="/console/campaigns", icon="mail", deed=Deed.CAMPAIGN_SEE),
    Entry(key="posts", path="/console/posts", icon="globe", deed=Deed.POST_SEE),
    Entry(key="offers", path="/console/offers", icon="star", deed=Deed.OFFER_SEE),
    Entry(key="reports", path="/console/reports", icon="chart", deed=Deed.REPORT_SEE, letter="r"),
    Entry(
        key="overview", path="/console/overview", icon="pulse", deed=Deed.FEEDBACK_SEE, letter="o"
    ),
)
ADMIN = (
    Entry(key="canned", path="/console/canned", icon="quote", deed=Deed.CONVERSATION_ANSWER),
    Entry(key="sla", path="/console/sla", icon="clock", deed=Deed.SLA_SEE),
    Entry(key="rules", path="/console/rules", icon="bolt", deed=Deed.RULE_SEE),
    Entry(key="webhooks", path="/console/webhooks", icon="link", deed=Deed.WEBHOOK_SEE),
    Entry(key="users", path="/console/users", icon="people", deed=Deed.USER_SEE),
    Entry(key="tokens", path="/console/tokens", icon="key", deed=Deed.TOKEN_CHANGE),
    Entry(key="audit", path="/console/audit", icon="shield", deed=Deed.AUDIT_SEE),
)
GROUPS = (("work", WORK), ("admin", ADMIN))


@dataclass(frozen=True)
class Group:
    """Entries under one heading."""

    key: str
    entries: tuple[Entry, ...]


def groups(visit: Visit, served: Collection[str]) -> tuple[Group, ...]:
    """Return what somebody may go to, of the pages that are ``served``."""
    found = (
        Group(key, tuple(e for e in entries if e.path in served and visit.may(e.deed)))
        for key, entries in GROUPS
    )
    return tuple(group for group in found if group.entries)
