"""Rules as people write them, right and wrong."""

from typing import Any

import pytest

from desk.automation import texts
from desk.automation.actions import Mail, Task
from desk.automation.model import read
from desk.errors import InvalidError


def rule(**changes: Any) -> dict[str, Any]:
    """Return a rule as people write it."""
    return {
        "name": "urgent complaints",
        "when": ["ticket.opened"],
        "if": {"field": "ticket.topic", "is": "complaint"},
        "then": [{"kind": "set", "field": "priority", "value": "urgent"}],
    } | changes


def test_a_rule_comes_back_as_it_was_written() -> None:
    given = rule(
        stop=True,
        enabled=False,
        then=[
            {"kind": "assign", "agent": "Mo"},
            {"kind": "task", "title": "Call {contact.name}", "within": "36h", "assignee": ""},
            {"kind": "reply", "en": "Sorry", "zh": "抱歉"},
        ],
    )
    assert read(given).written() == given
    waits = rule(when={"field": "status", "value": "pending", "for": "3d"})
    assert read(waits).written()["when"] == waits["when"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "needs a name"),
        ({"when": []}, "at least one event"),
        ({"when": ["message.sent"]}, "none of"),
        ({"when": {"field": "title", "for": "1d"}}, "none of: status"),
        ({"when": {"field": "status", "value": "lost", "for": "1d"}}, "none of: new"),
        ({"when": {"field": "status", "value": "open", "for": "soon"}}, "not a time"),
        ({"when": {"field": "status", "value": "open", "for": "10s"}}, "at least a minute"),
        ({"if": {"field": "x", "is": 1}}, "if: there is no field"),
        ({"then": []}, "1 to 20"),
        ({"then": [{"kind": "explode"}]}, "then, 1"),
        ({"then": [{"kind": "set", "field": "status", "value": "lost"}]}, "none of: new"),
        ({"then": [{"kind": "set", "field": "id", "value": "1"}]}, "then, 1"),
        ({"then": [{"kind": "note", "text": "Dear {customer}"}]}, r"names \{customer\}"),
        ({"then": [{"kind": "reply", "en": "a {ticket.secret}", "zh": "b"}]}, "ticket.secret"),
        ({"then": [{"kind": "reply", "en": "only English"}]}, "zh"),
        ({"then": [{"kind": "email", "to": "nobody", "subject": "s", "text": "t"}]}, "e-mail"),
        ({"then": [{"kind": "task", "title": "t", "within": "0h"}]}, "more than nothing"),
        ({"then": [{"kind": "contact", "field": "Bad Key", "value": "x"}]}, "then, 1"),
        ({"then": [{"kind": "tag", "tags": []}]}, "then, 1"),
        ({"if_": {}}, "a rule has no 'if_'"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        read(rule(**changes))


def test_what_is_filled_in_is_no_text_of_ours() -> None:
    facts = {"ticket.title": "{contact.name} {ticket.number}", "contact.name": "A."}
    assert texts.fill("{contact.name}: {ticket.title}{feedback.score}", facts) == (
        "A.: {contact.name} {ticket.number}"
    )


def test_defaults() -> None:
    (mail, task) = read(
        rule(then=[{"kind": "email", "subject": "s", "text": "t"}, {"kind": "task", "title": "t"}])
    ).actions
    assert isinstance(mail, Mail)
    assert mail.to == "contact"
    assert isinstance(task, Task)
    assert task.within.days == 1
