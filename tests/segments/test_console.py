"""Segments in the console: built with plain forms, looked at, kept, refreshed, put away, deleted."""

import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from ibis.backends import BaseBackend

from analytics.segments.rule import read
from app import insight_desk
from app.insight_desk import InsightDesk
from app.wiring import Desk
from console.pages import segments_builder as builder
from console.pages import segments_form as tree
from console.services import ConsoleServices
from desk.access.policy import Role
from tests.console.conftest import Browser, access, services
from tests.console.people import Console
from tests.segments.people import fill, world
from tests.segments.rules import LEAVES, RULES, Json

__all__ = ["access", "services"]

_FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')
_RULE = re.compile(r'name="rule" value="([^"]*)"')


@pytest.fixture
def insight(desk: Desk, engine: BaseBackend) -> InsightDesk:
    """Return segments over the desk's database and a small world."""
    fill(engine, world(1))
    return insight_desk.build(lambda: nullcontext(engine), desk.database, desk.clock)


@pytest.fixture
def console(desk: Desk, services: ConsoleServices, insight: InsightDesk) -> Console:
    """Return a console with pages of segments."""
    return Console(desk, replace(services, segments=insight.segments))


@pytest.fixture
async def mira(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Mira", Role.MARKETER) as browser:
        yield browser


async def _press(
    browser: Browser, do: str, path: str = "/console/segments/new", **form: str
) -> dict[str, str]:
    page = await browser.submit(path, do=do, **form)
    assert page.status_code == 200, page.text
    (rule,) = _RULE.findall(page.text)
    return {"rule": unescape(rule), "name": form.get("name", "")} | {
        name: "" for name in _FIELD.findall(page.text) if name.startswith("q.")
    }


async def test_a_segment_is_built_step_by_step_without_scripts(
    mira: Browser, insight: InsightDesk
) -> None:
    assert "No segments yet" in await mira.see("/console/segments")
    form = await _press(mira, "add::person", name="Germans")
    assert "q.field" in form
    opened = {"at": "0", "kind": "person", "q.field": "country", "q.op": "is", "q.value": "DE"}
    form = await _press(mira, "keep", name="Germans", rule=form["rule"], **opened)
    assert "q.field" not in form
    form = await _press(mira, "group:", name="Germans", rule=form["rule"])
    form = await _press(mira, "add:1:purchase", name="Germans", rule=form["rule"])
    opened = {"at": "1.0", "kind": "purchase", "q.measure": "count", "q.op": "at_least"}
    # What is open is kept by any other button, too.
    form = await _press(
        mira, "add:1:tag", name="Germans", rule=form["rule"], **opened | {"q.value": "1"}
    )
    opened = {"at": "1.1", "kind": "tag", "q.values": "vip，new"}
    form = await _press(mira, "negate:1.1", name="Germans", rule=form["rule"], **opened)
    expected = {
        "all": [
            {"kind": "person", "field": "country", "op": "is", "value": "DE"},
            {
                "any": [
                    {"kind": "purchase", "measure": "count", "op": "at_least", "value": 1.0},
                    {"not": {"kind": "tag", "values": ["vip", "new"]}},
                ]
            },
        ]
    }
    assert read({"where": tree.loaded(form["rule"])}) == read({"where": expected})
    page = await mira.submit(
        "/console/segments/new", do="preview", name="Germans", rule=form["rule"]
    )
    found = await insight.segments.preview(read({"where": expected}))
    assert f"{found.size} of {found.people} people" in page.text
    assert 0 < found.size < found.people
    saved = await mira.submit(
        "/console/segments/new", do="save", name="Germans", every="1d", rule=form["rule"]
    )
    (made,) = await insight.segments.list()
    assert saved.headers["location"] == f"/console/segments/{made.id}?said=saved"
    assert made.updated_by == "Mira"
    await insight.segments.refresh(made.id)
    seen = await mira.see(f"/console/segments/{made.id}")
    assert "Country is DE and (bought or not tagged vip, new)" in unescape(seen)
    assert seen.count('data-th="Since"') == found.size
    assert f"+{found.size} / −0" in await mira.see("/console/segments")


async def test_what_is_wrong_is_said_and_nothing_is_lost(
    mira: Browser, insight: InsightDesk
) -> None:
    opened = {"at": "0", "kind": "person", "q.field": "born", "q.op": "contains", "q.value": "199"}
    page = await mira.submit("/console/segments/new", do="save", name="x", rule="", **opened)
    assert page.status_code == 422
    assert "born cannot be asked" in unescape(page.text)
    assert 'value="199"' in page.text
    page = await mira.submit("/console/segments/new", do="save", name="x", rule="")
    assert "a group needs at least one condition" in page.text
    for junk in (
        "[]",
        "{",
        '{"all": [3]}',
        '{"a": 1}',
        "[" * 40_000,
        '{"all":' * 60 + "[]" + "}" * 60,
    ):
        page = await mira.submit("/console/segments/new", do="preview", name="kept", rule=junk)
        assert page.status_code == 422
        assert 'value="kept"' in page.text
    assert await insight.segments.list() == []


async def test_a_suggested_rule_opens_in_the_builder(mira: Browser) -> None:
    where = {"all": [{"kind": "purchase", "measure": "days_since", "value": 60}]}
    address = urlencode({"name": "Sleepers", "where": tree.json.dumps(where)})
    page = await mira.see(f"/console/segments/new?{address}")
    assert "last bought at least 60 days ago" in page
    assert 'value="Sleepers"' in page
    await mira.see("/console/segments/new?where=%7B", 422)


async def test_change_put_away_and_delete(mira: Browser, insight: InsightDesk) -> None:
    rule = '{"kind": "tag", "values": ["vip"]}'
    await mira.submit("/console/segments/new", do="save", name="VIP", rule=rule)
    (made,) = await insight.segments.list()
    path = f"/console/segments/{made.id}"
    assert "tagged vip" in (await mira.see(f"{path}/edit")).lower()
    form = await _press(mira, "edit:0", f"{path}/edit", name="VIP", rule=rule)
    assert "q.values" in form
    stale = await mira.submit(f"{path}/edit", do="save", name="V", rule=rule, edition="7")
    assert stale.status_code == 409
    done = await mira.submit(
        f"{path}/edit", do="save", name="V", rule=rule, edition="1", every="6h"
    )
    assert done.status_code == 303
    await insight.segments.refresh(made.id)
    assert (await insight.segments.get(made.id)).due_at != insight.segments._clock()
    await mira.submit(f"{path}/refresh")
    assert (await insight.segments.get(made.id)).due_at == insight.segments._clock()
    await mira.submit(f"{path}/archive", away="yes")
    assert "is archived" in await mira.see(path)
    assert ">V<" in await mira.see("/console/segments?archived=1")
    await mira.submit(f"{path}/archive", away="no")
    refused = await mira.submit(f"{path}/delete", confirm="no")
    assert refused.status_code == 422
    await mira.submit(f"{path}/delete", confirm="V")
    assert await insight.segments.list() == []


async def test_only_marketers_and_managers_come_in(console: Console, insight: InsightDesk) -> None:
    async with console.signed_in("Ada", Role.AGENT) as agent:
        assert (await agent.get("/console/segments")).status_code == 403
        assert (await agent.submit("/console/segments/new", do="save")).status_code == 403
    async with console.signed_in("Max", Role.MANAGER) as manager:
        assert "/console/segments" in await manager.see("/console/segments/new")


async def test_in_chinese(mira: Browser) -> None:
    rule = '{"kind": "purchase", "value": 2, "window": {"days": 90}}'
    await mira.submit("/console/segments/new", do="save", name="熟客", rule=rule)
    mira.headers["Accept-Language"] = "zh"
    mira.cookies.set("frontdesk_language", "zh")
    assert "最近 90 天购买至少 2 次" in await mira.see("/console/segments")


@settings(max_examples=200, deadline=None)
@given(leaf=LEAVES)
def test_a_question_comes_back_from_its_form_as_it_was(leaf: Json) -> None:
    whole = read({"where": leaf}).where
    form = {f"q.{name}": text for name, text in tree.fields(leaf).items()}
    assert read({"where": tree.leaf(leaf["kind"], form)}).where == whole


@settings(max_examples=100, deadline=None)
@given(rule=RULES)
def test_every_part_of_a_rule_can_be_reached_and_taken_away(rule: Json) -> None:
    where = tree.loaded(tree.json.dumps(rule["where"]))
    top = builder.shown(where, "en")

    def places(part: builder.Part) -> list[str]:
        return [part.inside, *(place for one in part.parts for place in places(one))]

    for place in places(top):
        assert "not" not in tree.at(where, place)
    for part in top.parts:
        assert len(
            builder.shown(tree.changed(where, part.place, lambda _: None), "en").parts
        ) < len(top.parts) + bool(top.negated)
