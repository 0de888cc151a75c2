"""A campaign is written in the console: kept, changed, refused with what was typed, and seen as real contacts will."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from analytics.campaigns.plan import Plan
from analytics.campaigns.schedule import Sequence
from app.served import console_services
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.pages import campaigns_compose_fields as fields
from console.pages import campaigns_compose_moves as moves
from console.pages.campaigns_compose_form import read
from console.pages.campaigns_compose_taking import Wrong
from console.services import ConsoleServices
from console.words import say
from desk.access.policy import Role
from desk.errors import RejectedError
from tests.campaigns.compose import TEXT_EN, filled, tea_drinkers
from tests.campaigns.people import contact
from tests.campaigns.people import say as withdraw
from tests.console.conftest import Browser, access, services
from tests.console.people import Console

__all__ = ["access", "services"]
NEW, LOOK = "/console/campaigns/new", "/console/campaigns/look"


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console with pages of campaigns."""
    return Console(
        desk,
        replace(
            services,
            segments=desk.insight.segments,
            campaigns=console_services(desk).campaigns,
        ),
    )


@pytest.fixture
async def mira(console: Console) -> AsyncIterator[Browser]:
    """Return the browser of a marketer."""
    async with console.signed_in("Mira", Role.MARKETER) as browser:
        yield browser


async def _only(desk: Desk) -> Plan:
    (one,) = await desk.campaigns.campaigns.list()
    return one.plan


async def test_a_campaign_is_written_and_changed(mira: Browser, desk: Desk) -> None:
    segment = await tea_drinkers(desk.database)
    assert "Tea drinkers (6)" in await mira.see(NEW)
    made = await mira.submit(NEW, **filled(segment))
    assert made.status_code == 303, made.text
    (one,) = await desk.campaigns.campaigns.list()
    assert made.headers["location"] == f"/console/campaigns/{one.id}?said=saved"
    assert one.plan.variants[0].template.contents["en"].text == TEXT_EN
    edit = f"/console/campaigns/{one.id}/edit"
    page = await mira.see(edit)
    assert "2026-03-03T09:00" in page
    assert "本周日前茶叶半价" in page
    changed = filled(segment, holdout="12.5", edition="1")
    assert (await mira.submit(edit, **changed)).status_code == 303
    assert (await _only(desk)).holdout == 0.125
    await desk.campaigns.campaigns.create("Taken", one.plan, by="Mo")
    taken = await mira.submit(edit, **changed | {"edition": "2", "name": "Taken"})
    assert (taken.status_code, 'value="Taken"' in taken.text) == (409, True)
    assert "Another campaign has this name." in taken.text
    assert (await mira.submit(edit, **changed | {"edition": "2", "name": " "})).status_code == 422
    renamed = changed | {"edition": "2", "name": "Half price"}
    assert (await mira.submit(edit, **renamed)).status_code == 303
    assert (await desk.campaigns.campaigns.get(one.id)).name == "Half price"
    late = await mira.submit(edit, **changed)
    assert late.status_code == 409
    assert "meanwhile" in late.text
    assert 'value="12.5"' in late.text
    mira.headers["Accept-Language"] = "zh"
    assert "其他人刚刚修改了此活动" in (await mira.submit(edit, **changed)).text
    await desk.campaigns.campaigns.cancel(one.id, by="Mo")
    assert "请复制后修改副本" in await mira.see(edit)
    over = await mira.submit(edit, **changed | {"edition": "3"})
    assert over.status_code == 409
    assert "请复制后修改副本" in over.text


async def _form(mira: Browser, path: str, **fields: str) -> str:
    response = await mira.submit(path, **fields)
    assert response.status_code == 200, response.text
    return response.text


WRONG = [
    ({"name": " "}, "name", "Write a name of 1 to 100 characters."),
    ({"segment_id": ""}, "segment_id", "This is needed."),
    ({"channel.1": ""}, "channel.1", "This is needed."),
    ({"channel.2": "memory"}, "channel.2", "This stands there twice."),
    ({"v1.en.text": "Hi {name"}, "v1.en.text", "this { has no }"),
    (
        {"v1.en.text": "", "v1.zh.text": "", "v1.en.b1.title": "", "v1.en.b1.to": ""},
        "v1.en.text",
        "This is needed.",
    ),
    ({"v1.zh.text": "", "v1.zh.subject": "x"}, "v1.zh.text", "This is needed."),
    ({"v1.en.image": "www.example"}, "v1.en.image", "Write a whole link"),
    ({"v1.en.b1.to": "https://"}, "v1.en.b1.to", "Write a whole link"),
    ({"v1.en.b1.title": ""}, "v1.en.b1.title", "This is needed."),
    ({"once.at": ""}, "once.at", "This is needed."),
    ({"once.at": "soon"}, "once.at", "Write a date and a time"),
    ({"zone": "Mars"}, "zone", "Write a time zone"),
    ({"when": "local"}, "local.day", "Write a date."),
    (
        {"when": "recurring", "recurring.often": "cron", "recurring.cron": "x"},
        "recurring.cron",
        "This rule cannot be read",
    ),
    (
        {"when": "recurring", "recurring.often": "monthly", "recurring.day": "32"},
        "recurring.day",
        "Write a day from 1 to 31.",
    ),
    ({"when": "after_event", "after.event": "Ordered!"}, "after.event", "small letters"),
    (
        {"when": "after_event", "after.event": "a", "after.delay": "x"},
        "after.delay",
        "Write how long",
    ),
    (
        {"when": "after_event", "after.event": "a", "after.delay": "400"},
        "after.delay",
        "A year at most.",
    ),
    ({"s1.wait": "", "s1.wait.unit": "d"}, "s1.wait", "This is needed."),
    ({"holdout": "100"}, "holdout", "Write percent as a number"),
    ({"quiet.start": "late"}, "quiet.start", "Write a time of the day"),
    ({"quiet.holidays_of": "Mars"}, "quiet.holidays_of", "Write a country"),
    ({f"quiet.{day}": "yes" for day in range(7)}, "quiet.6", "Leave at least one day free."),
    ({"budget.most": "0"}, "budget.most", "Write a whole number from 1 to 1000."),
    ({"late": "soon"}, "late", "Write how long"),
    ({"winner.share": "20"}, "winner.share", "Of one variant none can win."),
    ({"rank.by": "response", "rank.top": "few"}, "rank.top", "Write a whole number"),
    ({"stops.opted_out": "all"}, "stops.opted_out", "Write percent as a number"),
    ({"effect.change": "99"}, "effect.change", "Write percent as a number"),
    ({"reply": "Say Yes!"}, "reply", "Write an intent"),
]


@pytest.mark.parametrize(("change", "field", "said"), WRONG)
def test_what_is_wrong_is_told_at_its_field(change: dict[str, str], field: str, said: str) -> None:
    form = filled(1) | change
    wrong = dict(read(form).wrong) if field != "name" else {"name": Wrong("title")}
    assert list(wrong) == [field]
    words = say(f"compose.wrong.{wrong[field].word}", "en", why=wrong[field].why)
    assert said in words
    assert say(f"compose.wrong.{wrong[field].word}", "zh", why="") != words


async def test_all_errors_come_at_once_and_what_was_typed_stays(mira: Browser, desk: Desk) -> None:
    segment = await tea_drinkers(desk.database)
    form = filled(segment, holdout="many", once__at="", v1__en__text="Hi {name", name="")
    refused = await mira.submit(NEW, **form)
    assert refused.status_code == 422
    page = refused.text
    assert "Look again at what is marked (4)" in page
    for field in ("name", "holdout", "once.at", "v1.en.text"):
        assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page), field
    for kept in ('value="many"', "Hi {name</textarea>", "本周日前茶叶半价", "Look at it"):
        assert kept in page
    assert await desk.campaigns.campaigns.list() == []
    mira.headers["Accept-Language"] = "zh"
    assert "请填写百分比" in (await mira.submit(NEW, **form)).text
    assert (await mira.submit(NEW, **filled(segment))).status_code == 303
    twice = await mira.submit(NEW, **filled(segment))
    assert "已有同名活动" in twice.text


async def test_variants_and_steps_come_and_go_and_nothing_is_lost(
    mira: Browser, desk: Desk
) -> None:
    form = filled(await tea_drinkers(desk.database))
    page = await _form(mira, LOOK, **form, do="variant:")
    assert page.count("Hi {name|there}, tea is half the price until Sunday") == 2
    assert 'name="v2.name" type="text" value="b"' in page
    page = await _form(mira, LOOK, **form, do="step:")
    for name, value in (("s1.wait", "0"), ("s2.wait", "3")):
        assert re.search(rf'name="{name}" [^>]*value="{value}"', page)
    assert "Message of step 2" in page
    assert await desk.campaigns.campaigns.list() == []
    steps = {"s1.wait": "0", "s1.wait.unit": "d", "s2.wait": "3", "s2.wait.unit": "d"}
    messages = {"v1.t2.en.text": "Still there, {name|friend}?", "s2.unless": "order.placed"}
    made = await mira.submit(NEW, **form, **steps, **messages)
    assert made.status_code == 303, made.text
    plan = await _only(desk)
    assert isinstance(plan.schedule, Sequence)
    assert [step.wait.days for step in plan.schedule.steps] == [0, 3]
    assert plan.variants[0].then[0].contents["en"].text == "Still there, {name|friend}?"
    page = await _form(mira, LOOK, **form, **steps, **messages, do="remove:s1")
    assert "Still there, {name|friend}?" in page
    assert "tea is half the price" not in page
    assert 'name="s2.wait"' not in page


async def test_a_very_long_form_is_kept(mira: Browser, desk: Desk) -> None:
    form = filled(await tea_drinkers(desk.database))
    for _ in range(9):
        form = moves.with_variant(form, 10)
    for number in range(1, 6):
        form |= {f"s{number}.wait": "1", f"s{number}.wait.unit": "d"}
        for variant in range(1, 11):
            place = fields.message(f"v{variant}", number)
            form |= {f"{place}.{lang}.b{row}.to": "" for lang in ("en", "zh") for row in (1, 2, 3)}
            form |= {f"{place}.en.text": f"Message {number}", f"{place}.en.subject": ""}
    assert len(form) > 450
    made = await mira.submit(NEW, **form)
    assert made.status_code == 303, made.text
    assert [len(one.then) for one in (await _only(desk)).variants] == [4] * 10


async def test_it_is_seen_by_real_contacts_before_it_is_whole(mira: Browser, desk: Desk) -> None:
    segment = await tea_drinkers(desk.database)
    page = await _form(mira, LOOK, **filled(segment, once__at=""), do="look")
    assert "陈女士，本周日前茶叶半价" in page
    assert "Hi C. 1, tea is half the price" in page
    half = filled(segment, once__at="", v1__en__text="{")
    assert (await mira.submit(LOOK, **half, do="look:live")).status_code == 204
    refused = await mira.submit(LOOK, **half, do="look")
    assert refused.status_code == 422
    assert "Look again at what is marked (1)" in refused.text


async def test_the_preview_counts_who_gets_it_and_who_lacks_what(
    mira: Browser, desk: Desk
) -> None:
    segment = await tea_drinkers(desk.database, 9)
    await withdraw(desk.database, contact(8), granted=False, key="no")
    form = filled(segment, v1__en__text="Hi {name}, {city}!!! Buy now: http://shop.example.com")
    await mira.submit(NEW, **form)
    page = await mira.see("/console/campaigns/1/preview")
    for words in (
        "8</b>",
        "has not agreed",
        "5 people get nothing, as nothing is known for {city}",
        "Use https://.",
        "Mail filters and people take this for spam",
        "nothing known for: city",
        "Ends about",
    ):
        assert words in page, words
    one = await mira.see("/console/campaigns/1/preview?contact=u8")
    assert "Gets nothing: has not agreed" in one
    assert "Nobody known is called that." in await mira.see(
        "/console/campaigns/1/preview?contact=u99"
    )
    mira.headers["Accept-Language"] = "zh"
    assert "需要留意" in await mira.see("/console/campaigns/1/preview")


async def test_a_copy_goes_to_oneself_after_a_question(
    mira: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await mira.submit(NEW, **filled(await tea_drinkers(desk.database)))
    here = "/console/campaigns/1/test"
    assert 'value="mira@example.com"' in await mira.see(here)
    wish = {"channel": "memory", "to": "u1", "variant": "a", "language": "", "step": "1"}
    assert "Is C. 1 you?" in await _form(mira, here, **wish)
    assert memory.sent == []
    sent = await mira.submit(here, **wish, sure="yes")
    assert "The test is on its way to you." in await mira.see(sent.headers["location"])
    assert memory.sent[0].text.startswith("[Test] Hi C. 1")
    refused = await mira.submit(here, **wish | {"to": "u99"})
    assert refused.status_code == 422
    assert "Nobody known has the address u99 there" in refused.text
    memory.fail_with = [RejectedError("chat not found")]
    failed = await mira.submit(here, **wish, sure="yes")
    assert "It was not sent: chat not found" in failed.text


async def test_who_may_not_write_campaigns_is_refused(console: Console, desk: Desk) -> None:
    async with console.signed_in("Vic", Role.VIEWER) as browser:
        for path in (NEW, "/console/campaigns/1/preview", "/console/campaigns/1/test"):
            assert (await browser.get(path)).status_code == 403
        assert (await browser.submit(LOOK, do="look")).status_code == 403
