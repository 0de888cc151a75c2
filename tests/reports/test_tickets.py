"""Tickets, their clocks, and the other scales: tables of cases."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.reports.span import Kind, Span
from tests.reports.oracle import Happening
from tests.reports.streams import START
from tests.reports.test_fold import folded


def ticket(*told: tuple[str, int, dict[str, Any]]) -> list[Happening]:
    about = {"ticket_id": 7, "topic": "refund", "assignee": "Mo", "team": "care"}
    return [
        Happening(name, START + timedelta(minutes=minute), "a", "t", about | data)
        for name, minute, data in told
    ]


def moved(minute: int, old: str, new: str) -> tuple[str, int, dict[str, Any]]:
    return "ticket.status_changed", minute, {"old": old, "new": new, "status": new}


OPENED = ("ticket.opened", 0, {"author": "contact"})


def spans(log: list[Happening], kind: Kind) -> list[Span]:
    return [span for span in folded(log).spans.values() if span.group.kind == kind]


@pytest.mark.parametrize(
    ("moves", "minutes"),
    [
        ([moved(30, "new", "resolved")], [30]),
        ([moved(5, "new", "pending"), moved(25, "pending", "open"), moved(30, "open", "resolved")], [10]),
        ([moved(5, "new", "pending"), moved(30, "pending", "resolved")], [5]),
        ([moved(5, "new", "pending"), moved(9, "pending", "on_hold"), moved(30, "on_hold", "closed")], [5]),
        ([moved(30, "new", "resolved"), moved(40, "resolved", "closed")], [30]),
        ([moved(30, "new", "resolved"), moved(40, "resolved", "open"), moved(55, "open", "resolved")], [30, 15]),
        ([moved(10, "new", "open"), ("ticket.merged", 20, {"into": 3}), moved(20, "open", "closed")], []),
        (
            [
                ("ticket.merged", 20, {"into": 3}),
                ("ticket.unmerged", 30, {"status": "open"}),
                moved(45, "open", "resolved"),
            ],
            [15],
        ),
        ([moved(10, "new", "open")], []),
    ],
)  # fmt: skip
def test_resolution_is_the_time_that_a_ticket_was_ours(
    moves: list[tuple[str, int, dict[str, Any]]], minutes: list[int]
) -> None:
    found = spans(ticket(OPENED, *moves), Kind.TICKET_RESOLUTION)
    assert [span.lasted / 60_000 for span in found] == minutes
    assert all(span.group.agent == "Mo" for span in found)


def test_it_came_back_as_often_as_it_was_opened_again() -> None:
    log = ticket(
        OPENED,
        moved(1, "new", "resolved"),
        moved(2, "resolved", "open"),
        ("ticket.reopened", 2, {"old": "resolved"}),
        moved(3, "open", "resolved"),
        moved(4, "resolved", "open"),
    )
    assert len(spans(log, Kind.TICKET_REOPENED)) == 2
    assert len(spans(log, Kind.TICKET_OPENED)) == 1


@pytest.mark.parametrize(
    ("told", "agent"),
    [
        (("ticket.replied", 12, {"by": "agent", "agent": "Kit", "first": True}), "Kit"),
        (("ticket.replied", 12, {"by": "bot", "first": True}), None),
        (("ticket.commented", 12, {"author": "agent", "public": True}), "Mo"),
        (("ticket.commented", 12, {"author": "agent", "public": False}), None),
        (("ticket.commented", 12, {"author": "contact", "public": True}), None),
    ],
)
def test_the_first_reply_is_a_persons_and_the_customer_sees_it(
    told: tuple[str, int, dict[str, Any]], agent: str | None
) -> None:
    later = ("ticket.replied", 20, {"by": "agent", "agent": "Ada"})
    found = spans(ticket(OPENED, told, later), Kind.TICKET_REPLY)
    assert [(span.lasted / 60_000, span.group.agent) for span in found] == (
        [(12, agent)] if agent else [(20, "Ada")]
    )


def test_a_clock_counts_once_and_is_not_met_after_it_was_broken() -> None:
    def clock(name: str, minute: int, number: int, kind: str) -> tuple[str, int, dict[str, Any]]:
        return name, minute, {"clock_id": number, "kind": kind}

    log = ticket(
        OPENED,
        clock("sla.met", 5, 1, "first_response"),
        clock("sla.breached", 6, 2, "next_response"),
        clock("sla.breached", 6, 2, "next_response"),
        clock("sla.met", 9, 2, "next_response"),
        clock("sla.met", 12, 3, "next_response"),
    )
    assert [span.group.reason for span in spans(log, Kind.SLA_MET)] == [
        "first_response",
        "next_response",
    ]
    assert [span.group.reason for span in spans(log, Kind.SLA_BREACHED)] == ["next_response"]


def test_a_topic_that_is_corrected_is_the_topic_of_everything() -> None:
    log = ticket(
        OPENED,
        moved(30, "new", "resolved"),
        ("ticket.topic_changed", 31, {"old": "refund", "new": "complaint", "topic": "refund"}),
    )
    found = folded(log).spans
    assert {span.group.topic for span in found.values()} == {"complaint"}


@pytest.mark.parametrize(
    ("kind", "asked", "scored"),
    [
        ("csat", Kind.CSAT_ASKED, Kind.CSAT),
        ("nps", Kind.NPS_ASKED, Kind.NPS),
        ("ces", Kind.CES_ASKED, Kind.CES),
    ],
)
@pytest.mark.parametrize("talk", ["t", None])
def test_a_changed_score_counts_once_with_or_without_a_conversation(
    kind: str, asked: Kind, scored: Kind, talk: str | None
) -> None:
    def said(name: str, minute: int, **data: Any) -> Happening:
        about = {"feedback_id": 5, "kind": kind, "owner": None, "channel": "email"}
        return Happening(name, START + timedelta(minutes=minute), "a", talk, about | data)

    log = [
        said("feedback.surveyed", 0),
        said("feedback.scored", 5, score=2),
        said("feedback.scored", 9, score=9),
        said("feedback.comment_read", 10),
    ]
    (question,), (answer,) = spans(log, asked), spans(log, scored)
    assert (question.value, answer.value, answer.group.channel) == (1, 9, "email")
    assert answer.group.actor == ""
    assert spans(log[:1], asked)[0].value == 0
