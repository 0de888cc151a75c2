"""What was said, as tables of tests write it and as the engine has it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from analytics.insight.contact_everybody import SAID
from analytics.insight.contact_record import Said

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
AUTHORS = ("contact", "contact", "contact", "bot", "agent", "us", "campaign", "system", "call")
TIMES = pa.schema([("person_id", pa.string()), ("at", pa.timestamp("us"))])


def said(*told: str, channel: str = "webchat") -> list[Said]:
    """Return what was said from words such as ``contact 5m``: who, and how long after the beginning."""
    found = []
    for number, one in enumerate(told):
        author, span = one.split()
        unit = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[span[-1]]
        at = MONDAY + timedelta(seconds=unit * float(span[:-1]))
        found.append(Said(channel=channel, at=at, number=number, author=author))
    return found


def chat(dice: Random, most: int = 60) -> list[Said]:
    """Return a history on two channels; some things happen at the same moment, some on the edge of a window."""
    at, found = MONDAY, []
    steps = (0, 0.4, 30, 3_600, 86_400, 86_401, 7 * 86_400, 7 * 86_400 + 1, 20 * 86_400)
    for number in range(dice.randrange(most)):
        at += timedelta(seconds=dice.choice(steps))
        channel = dice.choice(("webchat", "email", None))
        found.append(Said(channel=channel, at=at, number=number, author=dice.choice(AUTHORS)))
    return found


def table(histories: Mapping[str, Sequence[Said]]) -> Table:
    """Return histories by person as the engine has them."""
    rows = [
        {
            "person_id": person,
            "channel": one.channel,
            "at": one.at.replace(tzinfo=None),
            "number": one.number,
            "author": one.author,
        }
        for person, history in histories.items()
        for one in history
    ]
    return _memory(pa.Table.from_pylist(rows, schema=SAID.to_pyarrow().remove_metadata()))


def times(by_person: Mapping[str, Sequence[datetime]]) -> Table:
    """Return times by person as the engine has them."""
    rows = [
        {"person_id": person, "at": at.replace(tzinfo=None)}
        for person, each in by_person.items()
        for at in each
    ]
    return _memory(pa.Table.from_pylist(rows, schema=TIMES))


def _memory(rows: pa.Table) -> Table:
    return ibis.memtable(rows)
