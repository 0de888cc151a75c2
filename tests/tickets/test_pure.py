"""Small decisions: topics, regions, priorities, conditions, cells, links and training examples."""

from datetime import timedelta

import pytest

from app.nlu.corrections import suggested
from desk.clock import StoppedClock
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.ticket import TicketPriority, TicketTopic, TopicCorrectionRow
from desk.tickets.export import guarded
from desk.tickets.links import LIFETIME, TicketLinkError, TicketLinks
from desk.tickets.listing import Sort, Wanted
from desk.tickets.matching import TicketFacts, When, when_of
from desk.tickets.priority import PriorityRule, priority_of
from desk.tickets.regions import region_of
from desk.tickets.service import Tickets
from desk.tickets.topics import INTENT_OF, TOPIC_OF, Understood, topic_of
from tests.world import World

_SECRET = "a-secret-for-tests-only-0123456789abcdef"


@pytest.mark.parametrize(
    ("said", "topic", "sure"),
    [
        ([], None, None),
        ([("greet", 0.99), ("thanks", 0.9)], None, None),
        ([("get_refund", 0.9)], TicketTopic.REFUND, 0.9),
        ([("greet", 0.99), ("get_refund", 0.8)], TicketTopic.REFUND, 0.33),
        # What was asked and answered before something else says nothing about the ticket.
        ([("inform", 0.9), ("open_ticket", 0.9), ("track_order", 0.99)], None, None),
        ([("get_refund", 0.2)], None, None),
        # The newest counts most.
        ([("track_order", 0.9), ("get_refund", 0.9)], TicketTopic.DELIVERY, 0.53),
        # Two of one topic outweigh a newer of another.
        (
            [("track_order", 0.5), ("get_refund", 0.9), ("track_refund", 0.9)],
            TicketTopic.REFUND,
            0.49,
        ),
    ],
)
def test_the_topic_of_what_was_said(
    said: list[tuple[str, float]], topic: TicketTopic | None, sure: float | None
) -> None:
    found = topic_of([Understood(*one) for one in said])
    assert (found.topic if found else None) is topic
    assert (round(found.confidence, 2) if found else None) == sure


def test_every_topic_leads_back_to_an_intent_of_its_own() -> None:
    assert all(TOPIC_OF[intent] is topic for topic, intent in INTENT_OF.items())
    assert set(INTENT_OF) == set(TOPIC_OF.values())


@pytest.mark.parametrize(
    ("phone", "region"),
    [
        ("+1 555 0100", "US"), ("+49 30 123", "DE"), ("0086 10 555", "CN"), ("+852 5550 1000", "HK"),
        ("555 0100", None), ("", None), (None, None), ("+999 1", None), ("+", None),
    ],
)  # fmt: skip
def test_where_a_number_is_from(phone: str | None, region: str | None) -> None:
    assert region_of(phone) == region


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"topics": ["refund"]}, True),
        ({"topics": ["account"]}, False),
        ({"channels": ["email", "x"], "languages": ["zh"]}, True),
        ({"channels": ["email"], "languages": ["en"]}, False),
        ({"segments": ["vip"]}, False),
        ({"tags": ["b", "c"]}, True),
        ({"tags": ["c"]}, False),
        ({"mood_below": -0.5}, True),
        ({"mood_below": -0.6}, False),
    ],
)
def test_conditions(when: dict[str, object], fits: bool) -> None:
    ticket = TicketFacts(
        topic="refund", channel="email", language="zh", tags=("a", "b"), mood=-0.6
    )
    assert when_of(when).fits(ticket) is fits


def test_a_mood_nobody_looked_at_is_not_below() -> None:
    assert not When(mood_below=1).fits(TicketFacts())


@pytest.mark.parametrize(
    "wrong",
    [{"topic": ["x"]}, {"topics": "refund"}, {"mood_below": 2}, {"tags": [""]}, {"tags": [3]}],
)
def test_conditions_that_are_none(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        when_of(wrong)


def test_the_first_rule_of_priority_counts() -> None:
    low = PriorityRule(name="low", when=When(topics=("refund",)), priority=TicketPriority.LOW)
    high = PriorityRule(name="high", when=When(), priority=TicketPriority.HIGH)
    assert priority_of(TicketFacts(topic="refund"), [low, high]) is low
    assert priority_of(TicketFacts(topic="account"), [low, high]) is high
    assert priority_of(TicketFacts(topic="account"), [low]) is None


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain", "plain"), ("a=1", "a=1"), ("", ""), ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"),
        ("@x", "'@x"), ("\t=1", "'\t=1"), ("\r1", "'\r1"), (" =1", "' =1"), ("\uff1d1", "'\uff1d1"),
    ],
)  # fmt: skip
def test_cells_of_an_export(text: str, safe: str) -> None:
    assert guarded(text) == safe


def test_a_link_is_read_until_its_end(clock: StoppedClock) -> None:
    links = TicketLinks(_SECRET, public_url="https://desk.example.com/", clock=clock)
    url = links.url(12)
    assert url is not None
    token = url.removeprefix("https://desk.example.com/t/")
    assert links.read(token) == 12
    with pytest.raises(TicketLinkError):
        TicketLinks("another" * 6, public_url=None, clock=clock).read(token)
    clock.advance(LIFETIME - timedelta(seconds=1))
    assert links.read(token) == 12
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TicketLinkError):
        links.read(token)


def test_what_a_view_keeps_it_gives_back() -> None:
    wanted = Wanted(status="all", tag="vip", assignee="-", overdue=True, sort=Sort.OLDEST)
    assert Wanted.read(wanted.plain()) == wanted
    assert Wanted.read({}) == Wanted(status="active")
    for wrong in ({"status": "x"}, {"priority": "x"}, {"topic": "x"}, {"sort": "x"}):
        with pytest.raises(InvalidError):
            Wanted.read(wrong)


async def test_a_corrected_topic_is_suggested_for_review(
    database: Database, clock: StoppedClock
) -> None:
    world, tickets = World(database, clock), Tickets(database, clock)
    talk = await world.talk()
    async with database.write() as session:
        for text, author in (("wo ist mein Paket", Author.CONTACT), ("Hm?", Author.BOT)):
            session.add(
                MessageRow(
                    conversation_id=talk.id,
                    direction=Direction.INBOUND
                    if author is Author.CONTACT
                    else Direction.OUTBOUND,
                    author=author,
                    text=text,
                    choices=[],
                    created_at=clock(),
                )
            )
    ticket = await tickets.open(
        key="k", conversation_id=talk.id, topic="refund", title="t", description="d"
    )
    clock.advance(timedelta(minutes=1))
    await tickets.set(number=ticket.number, topic="delivery", by="ana")
    await tickets.set(number=ticket.number, topic="delivery", by="ana")
    (kept,) = await world.rows(TopicCorrectionRow)
    assert (kept.old, kept.new, kept.by) == ("refund", "delivery", "ana")
    (found,) = await suggested(database, clock() - timedelta(days=1), frozenset({"track_order"}))
    assert found.examples == ("wo ist mein Paket",)
    assert (found.decision, found.intent) == ("decide", "track_order")
    assert found.why == "agents corrected the topic from refund to delivery 1"
    assert await suggested(database, clock() + timedelta(days=1), frozenset()) == []
    (event,) = await world.events("ticket.topic_changed")
    assert (event.data["old"], event.data["new"], event.data["by"]) == (
        "refund",
        "delivery",
        "ana",
    )
