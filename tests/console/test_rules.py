"""Rules in the console: built with plain forms, tried out, switched, ordered, and what they did."""

import re
from html import unescape
from typing import Any

import pytest

from app.wiring import Desk
from console import rule_form
from console.services import ConsoleServices
from desk.automation.actions import KINDS
from desk.automation.model import read
from desk.tables.automation import AutomationRuleRow, AutomationRunRow, RunState, TaskRow
from tests.console.conftest import Browser
from tests.console.rule_desk import with_rules
from tests.talk import conversation, rows, says

PLAIN = {
    "name": "Complaints",
    "enabled": "yes",
    "on": "events",
    "event.ticket.opened": "yes",
    "cs": "1",
    "c0.in": "all",
    "c0.field": "ticket.topic",
    "c0.op": "is",
    "c0.value": "complaint",
    "as": "1",
    "a0.kind": "set",
    "a0.field": "priority",
    "a0.value": "urgent",
}
_FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')


@pytest.fixture
def services(services: ConsoleServices, desk: Desk) -> ConsoleServices:
    """Return the console's collaborators with those of rules."""
    return with_rules(services, desk)


async def _ticket(desk: Desk, topic: str = "complaint") -> str:
    await says(desk, "hello")
    talk = await conversation(desk)
    ticket = await desk.tickets.open(
        key=topic, conversation_id=talk.id, topic=topic, title="Lamp", description="?"
    )
    return ticket.number


async def test_a_rule_is_built_step_by_step_without_scripts(mo: Browser, desk: Desk) -> None:
    assert "No rules yet" in await mo.see("/console/rules")
    assert "Nothing is done yet" in await mo.see("/console/rules/new")
    form = {"name": "Complaints", "enabled": "yes", "on": "events", "event.ticket.opened": "yes"}
    form |= {"cs": "0", "as": "0"}
    page = await mo.submit("/console/rules", do="add_condition:all", **form)
    assert "c0.field" in _FIELD.findall(page.text)
    form |= {"cs": "1", "c0.in": "all", "c0.field": "ticket.topic", "c0.value": "complaint"}
    for kind in ("set", "note"):
        page = await mo.submit("/console/rules", do="add_action", new_action=kind, **form)
        form |= {"as": "1", "a0.kind": "set", "a0.field": "priority", "a0.value": "urgent"}
    fields = _FIELD.findall(page.text)
    assert {"a0.value", "a1.text", "c0.value"} <= set(fields)
    rows_of = [name for name in fields if re.fullmatch(r"[ca]\d+\..+", name)]
    assert len(rows_of) == len(set(rows_of))
    form |= {"as": "2", "a1.kind": "note", "a1.text": "{ticket.number}"}
    page = await mo.submit("/console/rules", do="remove_a:1", **form)
    assert "a1.text" not in _FIELD.findall(page.text)
    assert await rows(desk, AutomationRuleRow) == []
    made = await mo.submit("/console/rules", do="save", **form)
    assert made.headers["location"] == "/console/rules?saved=1"
    (row,) = await rows(desk, AutomationRuleRow)
    assert row.condition == {"all": [{"field": "ticket.topic", "is": "complaint"}]}
    assert [action["kind"] for action in row.actions] == ["set", "note"]
    assert "Complaints" in await mo.see("/console/rules")


async def test_what_is_wrong_is_said_and_nothing_is_lost(mo: Browser, desk: Desk) -> None:
    wrong = PLAIN | {"as": "1", "a0.kind": "note", "a0.text": "Dear {customer}"}
    refused = await mo.submit("/console/rules", **wrong)
    assert refused.status_code == 422
    assert "names {customer}" in refused.text
    assert "Dear {customer}" in refused.text
    for changes, words in (
        ({"a0.kind": "assign", "a0.agent": "Nobody"}, "Nobody"),
        ({"a0.kind": "email", "a0.subject": "s", "a0.text": "t"}, "no mail channel"),
        ({"c0.value": "weather"}, "none of"),
        ({"as": "0"}, "does 1 to 20 things"),
        ({"event.ticket.opened": ""}, "at least one event"),
    ):
        refused = await mo.submit("/console/rules", **(PLAIN | changes))
        assert refused.status_code == 422, changes
        assert words in unescape(refused.text), changes
    assert await rows(desk, AutomationRuleRow) == []


async def test_a_rule_is_tried_on_the_past_before_it_is_kept(mo: Browser, desk: Desk) -> None:
    number = await _ticket(desk)
    await _ticket(desk, "question")
    page = (await mo.submit("/console/rules", do="try", days="30", **PLAIN)).text
    assert f">{number}</a>" in page
    assert "T-000002" not in page
    assert await rows(desk, AutomationRuleRow) == []
    await mo.submit("/console/rules", **PLAIN)
    assert f">{number}</a>" in await mo.see("/console/rules/try?days=1")
    assert (await desk.tickets.get(number=number)).priority != "urgent"


async def test_switching_ordering_and_deleting(mo: Browser, desk: Desk) -> None:
    for name in ("first", "second"):
        await mo.submit("/console/rules", **(PLAIN | {"name": name}))
    await mo.submit("/console/rules/1/switch", on="")
    await mo.submit("/console/rules/2/move", step="up")
    found = sorted(await rows(desk, AutomationRuleRow), key=lambda row: row.position)
    assert [(row.name, row.enabled) for row in found] == [("second", True), ("first", False)]
    await mo.submit("/console/rules/2/delete")
    assert [row.name for row in await rows(desk, AutomationRuleRow)] == ["first"]
    assert (await mo.submit("/console/rules/9/delete")).status_code == 404


async def test_rules_that_contradict_are_pointed_out(mo: Browser) -> None:
    await mo.submit("/console/rules", **PLAIN)
    await mo.submit("/console/rules", **(PLAIN | {"name": "Calm", "a0.value": "low"}))
    page = unescape(await mo.see("/console/rules"))
    assert "“Complaints” and “Calm” both decide priority" in page


async def test_a_condition_of_another_shape_is_edited_as_yaml(mo: Browser, desk: Desk) -> None:
    text = """rules:
- name: Deep
  when: [ticket.opened]
  if: {any: [{all: [{field: shop.open, is: "no"}]}, {not: {not: {field: ticket.team, empty: "yes"}}}]}
  then: [{kind: note, text: x}]
"""
    assert (await mo.submit("/console/rules/import", text=text)).status_code == 303
    page = unescape(await mo.see("/console/rules/1"))
    assert "field: shop.open" in page
    (row,) = await rows(desk, AutomationRuleRow)
    form = rule_form.fields(read(_written(row)).written())
    kept = await mo.submit("/console/rules/1", **form)
    assert kept.status_code == 303
    wrong = await mo.submit("/console/rules/1", **(form | {"if": "{"}))
    assert "no YAML" in wrong.text
    exported = await mo.see("/console/rules/export")
    assert "shop.open" in exported
    assert "was not saved" in (await mo.submit("/console/rules/import", text="- x")).text


def _written(row: AutomationRuleRow) -> dict[str, Any]:
    return {"name": row.name, "when": row.events, "if": row.condition, "then": row.actions}


@pytest.mark.parametrize(
    "condition",
    [
        {"all": []},
        {"all": [{"field": "ticket.status", "in": "new, open"}]},
        {
            "all": [
                {"field": "shop.open", "is": "no"},
                {"any": [{"field": "ticket.team", "empty": "yes"}]},
                {"not": {"any": [{"field": "ticket.tags", "contains": "vip"}]}},
            ]
        },
    ],
)
def test_a_rule_survives_its_form(condition: dict[str, Any]) -> None:
    rule = {
        "name": "r",
        "enabled": True,
        "stop": True,
        "when": {"field": "status", "value": "open", "for": "2d"},
        "if": condition,
        "then": [
            {"kind": "tag", "tags": ["a", "b"]},
            {"kind": "task", "title": "t", "within": "3h", "assignee": ""},
            {"kind": "reply", "en": "Hi", "zh": "您好"},
        ],
    }
    assert rule_form.written(rule_form.fields(rule)) == rule


def test_rows_that_look_alike_stay_two() -> None:
    form = {"cs": "0"}
    for _ in range(2):
        form = rule_form.with_row(form, "c", {"in": "all", "field": "", "op": "is", "value": ""})
    assert len(rule_form.conditions(form)) == 2
    assert len(rule_form.conditions(rule_form.without(form, "c", 0))) == 1


async def test_runs_are_shown_with_what_went_wrong(mo: Browser, desk: Desk) -> None:
    await mo.submit("/console/rules", **PLAIN)
    now = desk.clock()
    outcomes = [{"kind": "assign", "state": "failed", "detail": "there is no agent <Zed>"}]
    values = {"rule_id": 1, "event": "ticket.opened", "subject": "s", "not_before": now}
    values |= {"created_at": now, "attempts": 1}
    async with desk.database.write() as session:
        failed = {"state": RunState.FAILED, "outcomes": outcomes, "chain": [], "ticket_id": 1}
        held = {"state": RunState.HELD, "outcomes": [], "chain": [1], "reason": "loop: it"}
        session.add(AutomationRunRow(key="a", **values, **failed))
        session.add(AutomationRunRow(key="b", **values, **held))
    page = await mo.see("/console/rules/runs")
    assert "no agent &lt;Zed&gt;" in page
    assert "loop: it" in page
    assert "&lt;Zed&gt;" not in await mo.see("/console/rules/runs?state=held&rule=1")
    assert "1 failed" in await mo.see("/console/rules")


async def test_tasks_are_listed_and_done(mo: Browser, desk: Desk) -> None:
    assert "Nothing to do" in await mo.see("/console/tasks")
    now = desk.clock()
    async with desk.database.write() as session:
        for assignee in ("Mo", "Kit"):
            session.add(
                TaskRow(
                    key=assignee,
                    title=f"Call <{assignee}>",
                    assignee=assignee,
                    due_at=now,
                    created_at=now,
                    by="rule: x",
                )
            )
    assert "&lt;Kit&gt;" in await mo.see("/console/tasks")
    assert "&lt;Kit&gt;" not in await mo.see("/console/tasks?mine=1")
    done = await mo.submit("/console/tasks/1/done", mine="1")
    assert done.headers["location"] == "/console/tasks?mine=1"
    assert "Nothing to do" in await mo.see("/console/tasks?mine=1")


async def test_in_chinese_with_everything_in_it(mo: Browser, desk: Desk) -> None:
    await desk.agents.add(name="Zed")
    form = dict(PLAIN)
    for n, kind in enumerate(KINDS):
        form |= {f"a{n}.kind": kind, "as": str(n + 1)}
    mo.headers["Accept-Language"] = "zh-CN"
    page = await mo.submit("/console/rules", do="add_condition:none", **form)
    assert page.status_code == 200
    for words in ("则", "回复客户", "当", "以下全部不成立", "工单创建"):
        assert words in page.text
