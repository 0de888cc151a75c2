"""What was said between us and people: of one, and the same of everybody in the engine."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import ibis
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from analytics.insight import contact_everybody as everybody
from analytics.insight.contact_record import Speed, answers, in_order, record
from analytics.warehouse.tables import SCHEMAS
from tests.insight.said import MONDAY, chat, said, table


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("contact 0s", "bot 2s"), [("bot", 2)]),
        (("contact 0s", "contact 60s", "bot 70s", "bot 80s"), [("bot", 70)]),
        (("bot 0s",), []),
        (("agent 0s", "contact 5m"), [("them", 300)]),
        (("agent 0s", "agent 2m", "contact 5m", "contact 6m"), [("them", 180)]),
        (("campaign 0s", "contact 7d"), [("them", 604_800)]),
        (("campaign 0s", "contact 7.1d"), []),
        (("contact 0s", "system 1s", "agent 9m"), [("agent", 540)]),
        # Whoever called waits from the call on, though the assistant said something meanwhile.
        (
            ("contact 0m", "call 1m", "bot 1m", "agent 9m", "agent 10m"),
            [("bot", 60), ("agent", 480)],
        ),
        # A call that came to nothing is forgotten with the next one.
        (("call 0m", "contact 60m", "call 61m", "agent 62m"), [("agent", 60)]),
        # The next message to the same agent needs no call.
        (
            ("call 0m", "agent 1m", "contact 5m", "agent 7m"),
            [("agent", 60), ("them", 240), ("agent", 120)],
        ),
    ],
)
def test_what_is_an_answer_and_from_when_it_counts(
    told: tuple[str, ...], expected: list[tuple[str, int]]
) -> None:
    assert list(answers(said(*told))) == expected


def test_a_record_counts_by_channel_and_author() -> None:
    found = record(
        [
            *said("contact 0m", "bot 1m", "call 2m", "agent 4m", "system 5m"),
            *said("campaign 10m", "contact 60m", channel="email"),
        ]
    )
    chat_, mail = found.channels
    assert (chat_.channel, chat_.received, chat_.sent) == ("webchat", 1, 3)
    assert (chat_.by_bot, chat_.by_agent) == (1, 1)
    assert (mail.received, mail.sent, mail.by_bot, mail.by_agent) == (1, 1, 0, 0)
    assert (found.received, found.sent) == (2, 4)
    assert found.last_received_at == MONDAY + timedelta(minutes=60)
    assert found.last_sent_at == MONDAY + timedelta(minutes=10)
    assert {side: one.answers for side, one in found.speeds.items()} == {
        "bot": 1,
        "agent": 1,
        "them": 1,
    }
    assert found.speeds["agent"].median == 120


def test_nothing_said_is_a_record_too() -> None:
    found = record(said("call 1m"))
    assert (found.channels, found.speeds, found.last_sent_at) == ((), {}, None)


@pytest.mark.parametrize("seed", range(6))
def test_everybody_s_answers_are_those_of_each(seed: int) -> None:
    dice = Random(seed)
    histories = {f"c:{n}": chat(dice) for n in range(8)}
    one_by_one = Counter(
        (person, channel, *answer)
        for person, history in histories.items()
        for channel in {one.channel for one in history}
        for answer in answers([s for s in in_order(history) if s.channel == channel])
    )
    rows = everybody.answers(table(histories)).to_pyarrow().to_pylist()
    found = Counter((r["person_id"], r["channel"], r["side"], r["seconds"]) for r in rows)
    assert found == one_by_one
    assert {side for _, _, side, _ in found} == {"bot", "agent", "us", "them"}
    (person, history), *_ = sorted(histories.items(), key=lambda item: -len(item[1]))
    speeds = everybody.speeds(everybody.answers(table({person: history})))
    assert _rounded(speeds) == _rounded(record(history).speeds)


def _rounded(speeds: Mapping[str, Speed]) -> dict[str, tuple[int, float, float]]:
    return {
        side: (one.answers, round(one.median, 6), round(one.most, 6))
        for side, one in speeds.items()
    }


@pytest.fixture
def activity() -> Table:
    """Return what an engine knows of three people: chats, a call, what others imported, what is not said."""
    day, at = timedelta(days=1), MONDAY.replace(tzinfo=None)
    rows = [
        ("e:1", "c:1", "message.received", at, "webchat", None),
        ("e:10", "c:1", "message.sent", at, "webchat", "bot"),
        ("e:11", "c:1", "conversation.handoff_requested", at, "webchat", None),
        ("e:12", "c:1", "message.sent", at + 2 * day, "webchat", "agent"),
        ("e:13", "c:2", "message.sent", at + 3 * day, "email", "campaign"),
        ("e:14", "c:2", "message.received", at + 8 * day, "email", None),
        ("e:15", "p:3", "message.received", at + 8 * day, "email", None),
        ("e:16", "p:3", "message.sent", at + 8 * day + timedelta(minutes=4), "email", None),
        ("b:x", "p:3", "message.sent", at, "email", None),
        ("e:17", "p:3", "ticket.opened", at, None, None),
        ("e:18", "p:3", "message.sent", at - 400 * day, "sms", None),
    ]
    names = ("activity_id", "person_id", "name", "occurred_at", "channel", "item")
    schema = SCHEMAS["activity"].to_pyarrow().remove_metadata()
    made = [dict(zip(names, row, strict=True)) for row in rows]
    engine: BaseBackend = ibis.duckdb.connect()
    return engine.create_table("activity", pa.Table.from_pylist(made, schema=schema))


def test_everybody_by_week_channel_and_speed(activity: Table) -> None:
    now = datetime(2026, 1, 16, 12)  # noqa: DTZ001 - as in the engine
    found = everybody.correspondence(activity, now)
    assert len(found.weeks) == everybody.WEEKS
    before, first, second = found.weeks[-3:]
    assert (before.received, before.sent, before.people) == (0, 0, 0)
    assert first.begins == MONDAY.replace(tzinfo=None)
    assert (first.received, first.sent, first.people) == (1, 3, 1)
    assert (second.received, second.sent, second.people) == (2, 1, 2)
    assert [(one.channel, one.people, one.received, one.sent) for one in found.channels] == [
        ("email", 2, 2, 2),
        ("webchat", 1, 1, 2),
    ]
    # The assistant answered at once, the agent after two days, somebody after four minutes, c:2 after five days.
    assert found.spread == {
        "agent": (0, 0, 0, 0, 0, 1),
        "bot": (1, 0, 0, 0, 0, 0),
        "them": (0, 0, 0, 0, 0, 1),
        "us": (0, 1, 0, 0, 0, 0),
    }
    assert found.speeds["agent"].median == 2 * 86_400
    assert found.active == (3, 0, 0, 0, 0)


def test_an_engine_in_which_nobody_spoke(activity: Table) -> None:
    now = datetime(2026, 1, 16, 12)  # noqa: DTZ001 - as in the engine
    found = everybody.correspondence(activity.filter(activity.channel == "none"), now)
    assert (found.channels, found.speeds, found.spread) == ((), {}, {})
    assert sum(one.sent + one.received for one in found.weeks) == sum(found.active) == 0
