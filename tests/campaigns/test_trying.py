"""A campaign before its launch: how contacts would be written to, who lacks what, and what is to be looked at."""

from typing import Any

import pytest
from sqlalchemy import insert, update

from analytics.campaigns import plan
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.plan import Plan
from analytics.campaigns.service import Campaigns
from analytics.campaigns.trying import Trying
from channels.memory.adapter import MemoryChannel
from desk.channel import TextLimit
from desk.clock import StoppedClock
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from tests.campaigns.compose import TEXT_EN, TEXT_ZH, tea_drinkers
from tests.campaigns.people import contact, say
from tests.conftest import NOON, SECRET

HERE = "https://desk.example.com"


@pytest.fixture
def trying(database: Database, memory: MemoryChannel, clock: StoppedClock) -> Trying:
    """Return what looks at plans, with a short channel beside the usual one."""
    letters = MemoryChannel("email")
    letters.limit = TextLimit(longest=40)
    return Trying(
        database,
        clock,
        channels={"memory": memory, "email": letters},
        ways_out=UnsubscribeLinks(SECRET, public_url=HERE),
        links=TrackedLinks(SECRET, public_url=HERE),
    )


def planned(segment_id: int, **more: Any) -> Plan:
    """Return a plan in two languages."""
    contents = {"en": {"text": TEXT_EN}, "zh": {"text": TEXT_ZH}}
    return plan.read(
        {
            "segment_id": segment_id,
            "channels": ["memory"],
            "variants": [{"name": "a", "template": {"contents": contents}}],
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            **more,
        }
    )


def _saying(text: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "template": {"contents": {"en": {"text": text, **more}}}}]


async def test_contacts_of_both_languages_are_shown_as_they_are_written_to(
    trying: Trying, database: Database
) -> None:
    segment = await tea_drinkers(database)
    zh, en = await trying.samples(planned(segment))
    assert (zh.language, en.language) == ("zh", "en")
    assert zh.message is not None
    assert zh.message.text == "陈女士，本周日前茶叶半价。回复退订即可取消订阅。"
    assert en.message is not None
    assert en.message.text.startswith("Hi C. 1, tea is half")
    assert (en.name, en.channel, en.length) == ("C. 1", "memory", len(en.message.text))


async def test_one_contact_is_shown_with_why_they_would_get_nothing(
    trying: Trying, database: Database
) -> None:
    segment = await tea_drinkers(database)
    await say(database, contact(1), granted=False, key="no")
    assert await trying.person("u1") == contact(1)
    assert await trying.person(contact(1)) == contact(1)
    assert await trying.person("nobody") is None
    (one,) = await trying.samples(planned(segment), contact_id=contact(1))
    assert one.reason == "no_consent"
    assert one.message is not None
    all_of_them = await trying.samples(planned(segment))
    assert contact(1) not in {each.contact_id for each in all_of_them}


async def test_each_channel_and_variant_has_its_samples_and_lengths(
    trying: Trying, database: Database
) -> None:
    segment = await tea_drinkers(database)
    async with database.write() as session:
        handle = {"account": "a", "external_id": "kl@example.com", "created_at": NOON}
        await session.execute(
            insert(ContactIdentityRow),
            [{"id": "mail", "contact_id": contact(2), "channel": "email", **handle}],
        )
    two = [*_saying("Hi {name}."), {**_saying("Tea!" + " tea" * 20)[0], "name": "b"}]
    found = await trying.samples(planned(segment, channels=["memory", "email"], variants=two))
    assert [(one.channel, one.variant, one.message is not None, one.why) for one in found] == [
        ("memory", "a", True, ""),
        ("memory", "a", True, ""),
        ("memory", "b", True, ""),
        ("memory", "b", True, ""),
        ("email", "a", True, ""),
        ("email", "b", False, "too_long"),
    ]
    assert found[4].longest == 40


async def test_a_preview_gives_no_way_out_of_anybody(trying: Trying, database: Database) -> None:
    segment = await tea_drinkers(database)
    variants = _saying("Stop: {unsubscribe_url} https://shop.example.com/tea")
    zh, en = await trying.samples(planned(segment, variants=variants))
    links = UnsubscribeLinks(SECRET, public_url=HERE)
    for one in (zh, en):
        assert one.message is not None
        _, way_out, shop = one.message.text.split(" ")
        assert links.read(way_out.rpartition("/")[2]).contact_id == "0" * 32
        assert shop == "https://shop.example.com/tea"


async def test_who_lacks_a_value_is_counted_as_the_funnel_counts(
    trying: Trying, database: Database, clock: StoppedClock
) -> None:
    segment = await tea_drinkers(database, 9)
    await say(database, contact(8), granted=False, key="no")
    async with database.write() as session:
        for number in (1, 2):
            session.add(DemographicsRow(contact_id=contact(number), city="Berlin"))
        await session.execute(
            update(ContactRow).where(ContactRow.id == contact(4)).values(name=None)
        )
    whole = planned(segment, variants=_saying("Hi {name}, in {city}: {tier|} {country|here}."))
    found = await trying.check(whole)
    # 3, 4 and 6 have no name, all but two no city; who has not agreed is not counted.
    assert found.lacking == {"name": 3, "city": 6}
    assert found.funnel == {"queued": 8, "no_consent": 1}
    assert found.funnel == await Campaigns(database, clock).funnel(whole)
    assert found.languages == {"zh": 3, "": 5}
    assert not (await trying.check(planned(segment))).lacking


async def test_what_is_to_be_looked_at_names_variant_step_and_channels(
    trying: Trying, database: Database
) -> None:
    segment = await tea_drinkers(database)
    steps = {
        "kind": "sequence",
        "start": {"kind": "after_event", "event": "order.placed", "delay": "7d"},
        "steps": [{"wait": "0d"}, {"wait": "3d"}],
    }
    bad = {"contents": {"en": {"text": "BUY NOW!!! http://bit.ly/x Reply STOP to unsubscribe."}}}
    good = {"contents": {"en": {"text": TEXT_EN}, "zh": {"text": TEXT_ZH}}}
    variants = [{"name": "a", "template": good, "then": [bad]}]
    whole = planned(segment, channels=["memory", "email"], variants=variants, schedule=steps)
    found = trying.noted(whole)
    codes = {(one.finding.code, one.step): one.channels for one in found}
    assert codes["shortener", 2] == ("memory", "email")
    assert codes["spam", 2] == ("memory", "email")
    assert codes["too_long", 1] == ("email",)
    assert ("shortener", 1) not in codes
    order = [one.finding.severity for one in found]
    assert order == sorted(order, key=["error", "warning", "hint"].index)
