"""Whether to ask now, later or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from desk.feedback.asking import Situation, Verdict, When, verdict

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def _ask(**facts: Any) -> Verdict:
    return verdict(Situation(now=_NOW, **facts), cool_down=_DAY, quiet=2 * _MINUTE)


@pytest.mark.parametrize(
    ("facts", "when", "why"),
    [
        ({}, When.NOW, ""),
        ({"is_wanted": False}, When.NEVER, "switched off"),
        ({"unsubscribed": True}, When.NEVER, "unsubscribed"),
        ({"obstacle": "others would read it"}, When.NEVER, "others would read it"),
        ({"asked_at": _NOW - _DAY + _MINUTE}, When.NEVER, "asked lately"),
        ({"asked_at": _NOW - _DAY}, When.NOW, ""),
        ({"with_person": True}, When.LATER, "talks with a person"),
        ({"unheard_at": _NOW - _MINUTE}, When.LATER, "in the middle of a talk"),
        ({"unheard_at": _NOW - 2 * _MINUTE}, When.NOW, ""),
        ({"not_before": _NOW + _MINUTE}, When.LATER, "planned for later"),
        ({"not_before": _NOW}, When.NOW, ""),
        ({"by_link": True}, When.LATER, "sent with links"),
        ({"by_link": True, "unsubscribed": True}, When.NEVER, "unsubscribed"),
        ({"with_person": True, "obstacle": "gone"}, When.NEVER, "gone"),
    ],
)
def test_verdict(facts: dict[str, Any], when: When, why: str) -> None:
    found = _ask(**facts)
    assert (found.when, found.why) == (when, why)
    assert (found.at is not None) is (when is When.LATER)


def test_later_says_when() -> None:
    assert _ask(unheard_at=_NOW - _MINUTE).at == _NOW + _MINUTE
    assert _ask(by_link=True).at == _NOW
    assert _ask(with_person=True).at == _NOW + 30 * _MINUTE
