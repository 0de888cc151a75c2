"""Deep links: who follows one is who made it, once."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.clock import StoppedClock
from desk.contacts.links import ContactLinks, Joins, Link, LinkKind, Refusal
from desk.contacts.merging import Merging
from desk.ids import new_id
from desk.message import InboundMessage
from desk.store.database import Database
from desk.tables.contact import Proof
from tests.conftest import NOON, SECRET
from tests.contacts.people import People
from tests.talk import inbound

_VISITOR = "0123456789abcdef" * 2
_TELEGRAMS = re.compile(r"[A-Za-z0-9_-]{1,64}")


@pytest.fixture
def links(clock: StoppedClock) -> ContactLinks:
    """Return what makes links to people of these tests."""
    return ContactLinks(SECRET, clock, visitors=("memory", "a"))


class Follower:
    """Lets somebody come with a link, as the core does with a message of theirs."""

    def __init__(self, joins: Joins, database: Database, clock: StoppedClock) -> None:
        self.joins, self.database, self.clock = joins, database, clock

    async def follows(self, token: str, name: str = "tele", channel: str = "other") -> str | None:
        """Return what the core is told."""
        message = self.message(token, name, channel)
        async with self.database.write() as session:
            return await self.joins.join(session, message, self.clock())

    @staticmethod
    def message(token: str, name: str, channel: str) -> InboundMessage:
        """Return the message that brings a token."""
        return inbound("hello", name, channel=channel, link=token)


@pytest.fixture
def follower(links: ContactLinks, database: Database, clock: StoppedClock) -> Follower:
    """Return somebody who follows links."""
    return Follower(links, database, clock)


@given(
    kind=st.sampled_from(["contact", "visitor", "campaign"]),
    raw=st.binary(min_size=16, max_size=16),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - dates to choose from
)
def test_a_token_fits_telegram_and_is_read_as_it_was_written(
    kind: str, raw: bytes, at: datetime
) -> None:
    now = at.replace(tzinfo=NOON.tzinfo)
    links = ContactLinks(SECRET, StoppedClock(now))
    token = getattr(links, f"for_{kind}")(raw.hex())
    assert _TELEGRAMS.fullmatch(token)
    link = links.read(token, now)
    assert isinstance(link, Link)
    assert (link.kind, link.id) == (LinkKind[kind.upper()], raw.hex())
    assert links.read(token, now + timedelta(days=91)) is Refusal.EXPIRED


@given(place=st.integers(0, 54), change=st.characters(codec="utf-8"))
def test_no_changed_token_counts(place: int, change: str) -> None:
    links = ContactLinks(SECRET, StoppedClock(NOON))
    token = links.for_visitor(_VISITOR)
    changed = token[:place] + change + token[place + 1 :]
    assert len(token) == 55
    assert (links.read(changed, NOON) is Refusal.FORGED) == (changed != token)


@pytest.mark.parametrize(
    "token", ["", "x", "=", "_" * 55, "a" * 64, "é" * 20, "\x00", "AAAA AAAA", "\ud800"]
)
def test_garbage_is_forged(token: str) -> None:
    assert ContactLinks(SECRET, StoppedClock(NOON)).read(token, NOON) is Refusal.FORGED


def test_another_desks_token_is_forged() -> None:
    links = ContactLinks(SECRET, StoppedClock(NOON))
    other = ContactLinks(SECRET[::-1], StoppedClock(NOON))
    assert links.read(other.for_visitor(_VISITOR), NOON) is Refusal.FORGED


async def test_a_new_handle_becomes_the_linked_contacts(
    people: People, links: ContactLinks, follower: Follower
) -> None:
    contact = await people.person(name=_VISITOR)
    assert await follower.follows(links.for_visitor(_VISITOR)) == contact
    assert set((await people.belongings()).values()) == {contact}
    assert [e.name for e in await people.events()] == ["contact.linked"]


async def test_who_had_written_before_is_merged_with_a_proof(
    people: People, links: ContactLinks, follower: Follower, merging: Merging
) -> None:
    contact = await people.person(name=_VISITOR)
    before = await people.person("other", "tele")
    owned = await people.belongings()
    assert await follower.follows(links.for_contact(contact)) == contact
    assert set((await people.belongings()).values()) == {contact}
    (made,) = await merging.list()
    assert (made.kept_id, made.other_id) == (contact, before)
    assert (made.proof, made.by) == (Proof.DEEP_LINK, "customer")
    await merging.undo(made.id, by="Kim")
    assert await people.belongings() == owned


async def test_nobody_stays_a_verified_customer_over_a_link(
    people: People, links: ContactLinks, follower: Follower
) -> None:
    customer = await people.customer()
    mine = await people.person(name=_VISITOR, customer_id=customer, verified_at=NOON)
    await follower.follows(links.for_contact(mine), "new")
    assert (await people.contacts())[mine]["verified_at"] is None
    victim = await people.person("other", "tele", customer_id=customer, verified_at=NOON)
    trap = await people.person()
    await follower.follows(links.for_contact(trap))
    contacts = await people.contacts()
    assert contacts[victim]["merged_into"] == trap
    assert (contacts[trap]["customer_id"], contacts[trap]["verified_at"]) == (None, None)


@pytest.mark.parametrize("written", ["neither", "the visitor", "the follower", "both"])
async def test_a_link_joins_whoever_wrote_first(
    people: People, links: ContactLinks, follower: Follower, written: str
) -> None:
    if written in ("the visitor", "both"):
        await people.person(name=_VISITOR)
    if written in ("the follower", "both"):
        await people.person("other", "tele")
    contact = await follower.follows(links.for_visitor(_VISITOR))
    owned = await people.belongings()
    assert len([key for key in owned if key[0] == "handles"]) == 2
    assert set(owned.values()) == {contact}


async def test_a_forwarded_link_does_not_join_a_stranger(
    people: People, links: ContactLinks, follower: Follower
) -> None:
    contact = await people.person(name=_VISITOR)
    token = links.for_visitor(_VISITOR)
    assert await follower.follows(token) == contact
    assert await follower.follows(token, "stranger") is None
    assert await follower.follows(token, "tele", channel="third") is None
    # The very same message may be worked on again.
    assert await follower.follows(token) == contact
    refused = await people.events("link.refused")
    assert [event.data["reason"] for event in refused] == ["used", "used"]


async def test_what_does_not_count_is_refused_and_said(
    people: People, links: ContactLinks, follower: Follower, clock: StoppedClock
) -> None:
    first, second = await people.customer(), await people.customer()
    mine = await people.person(customer_id=first, verified_at=NOON)
    await people.person("other", "rival", customer_id=second, verified_at=NOON)
    before = await people.belongings()
    assert await follower.follows(links.for_contact(mine), "rival") is None
    assert await follower.follows("guess") is None
    assert await follower.follows(links.for_contact(new_id())) is None
    old = links.for_contact(mine)
    clock.advance(timedelta(hours=24))
    assert await follower.follows(old) is None
    refused = [event.data["reason"] for event in await people.events("link.refused")]
    assert refused == ["two_customers", "forged", "gone", "expired"]
    assert await people.belongings() == before


async def test_a_link_of_somebody_merged_joins_who_they_are_now(
    people: People, links: ContactLinks, follower: Follower, merging: Merging
) -> None:
    kept, other = await people.person(), await people.person()
    token = links.for_contact(other)
    await merging.merge(kept, other, by="Kim")
    assert await follower.follows(token) == kept


async def test_a_campaigns_link_tells_where_people_come_from(
    people: People, links: ContactLinks, follower: Follower
) -> None:
    campaign = new_id()
    token = links.for_campaign(campaign)
    assert await follower.follows(token, "one") is None
    assert await follower.follows(token, "two") is None
    followed = await people.events()
    assert [(e.name, e.data["campaign_id"]) for e in followed] == [("link.followed", campaign)] * 2
    assert await people.belongings() == {}
