"""What ``frontdesk contacts show`` says of what was between us and a contact, and is to come."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from analytics.insight.contact_between import Between, between
from analytics.insight.contact_effect import Effect, Reaction
from app.commands.opened import Opened
from app.commands.output import print_table, say

_WHO = {
    "bot": "the assistant to them",
    "agent": "a person to them",
    "us": "one of us to them",
    "them": "they to us",
}
_WHAT: Mapping[Reaction, str] = {Reaction.PURCHASE: "bought", Reaction.REPLY: "wrote"}


async def of(opened: Opened, contact_id: str) -> Between:
    """Return what was between us and a contact."""
    async with opened.database.read() as session:
        return await between(session, contact_id, opened.clock())


def plain(found: Between) -> dict[str, Any]:
    """Return it as JSON has it."""
    record = found.record
    speeds = {side: asdict(one) for side, one in record.speeds.items()}
    return {
        "record": {
            "received": record.received,
            "sent": record.sent,
            "last_received_at": record.last_received_at,
            "last_sent_at": record.last_sent_at,
            "channels": [asdict(one) for one in record.channels],
            "answers": speeds,
        },
        "planned": [asdict(one) for one in found.planned],
        "effects": [asdict(one) | {"verdict": str(one.verdict)} for one in found.effects],
    }


def show(found: Between) -> None:
    """Print messages, how long answers took, what is planned, and what came after we wrote."""
    record = found.record
    rows: list[tuple[object, ...]] = [
        (one.channel, one.received, one.sent, one.last_received_at, one.last_sent_at)
        for one in record.channels
    ]
    if not rows:
        say("Nothing was said between us yet.")
    else:
        columns = ("channel", "from them", "from us", "last from them", "last from us")
        print_table("Messages", columns, rows)
    if record.speeds:
        print_table("Answers", ("who", "answers", "median", "nine of ten within"), _speeds(found))
    if found.planned:
        plans = [
            (one.kind, one.at or "no day yet", one.channel, one.ticket, one.about)
            for one in found.planned
        ]
        print_table("Planned", ("what", "when", "channel", "ticket", "about"), plans)
    for one in found.effects:
        if one.contacts:
            say(_effect(one))


def _speeds(found: Between) -> list[tuple[object, ...]]:
    return [
        (_WHO[side], one.answers, _lasting(one.median), _lasting(one.most))
        for side, one in found.record.speeds.items()
    ]


def _lasting(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _effect(one: Effect) -> str:
    after = f"After {one.contacts} contacts of ours they {_WHAT[one.outcome]} {one.followed} times"
    within = f"{after} within {one.days} days ({one.followed / one.contacts:.0%})"
    if not one.windows:
        return f"{within}; there is no time before to compare."
    share = one.before / one.windows
    return f"{within}; before, in {one.before} of {one.windows} such spans ({share:.0%})."
