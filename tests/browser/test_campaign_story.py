"""A marketer's day in a real browser: a segment, two variants, a test, nine o'clock everywhere, a pause, a result.

Customers are on a Telegram and an e-mail that enforce their rules; one answers and gets the assistant, one says STOP.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import expect
from sqlalchemy import insert

from analytics.campaigns.country_zones import zone_of_country
from desk.clock import now
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from tests.acceptance.guests import ByMail, OnTelegram
from tests.acceptance.street import Street
from tests.browser.conftest import NewContext
from tests.browser.test_service_desk import MANAGER, Colleague
from tests.platforms.telegram.server import BOT_ID
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.timeout(1_200),
    pytest.mark.asyncio(loop_scope="session"),
]

ON_TELEGRAM, BY_MAIL, LATER = 150, 2, 3
CITY = "Teatown"
SALE = "https://shop.example.com/tea"
SILENCE = 15
"""Seconds."""
COUNTRIES = "TO NZ SB JP CN BD PK AE TR NG IS CV GS BR CO MX PN PF AS".split()  # noqa: SIM905
"""From early to late: at any time nine has just passed in one, and is still to come on that date in another."""


class Scene:
    """The desk with its platforms, its marketer, and people who agreed to be written to."""

    def __init__(self, street: Street, marketer: Colleague, early: str, late: str) -> None:
        self.street = street
        self.marketer = marketer
        self.stored = Stored(street.desk.database_url)
        self.zone = _zone(early)
        self._countries = {"early": early, "late": late}
        self._numbers = count(1)
        self.on_telegram: list[OnTelegram] = []
        self.by_mail: list[ByMail] = []

    async def people(self) -> None:
        """Let people come, by what they agreed to elsewhere: most of them where it is nine already."""
        database = Database(self.street.desk.database_url)
        for _ in range(ON_TELEGRAM):
            await self._person(database, "telegram", "early")
        for _ in range(LATER):
            await self._person(database, "telegram", "late")
        for _ in range(BY_MAIL):
            await self._person(database, "email", "early")
        await database.close()

    async def _person(self, database: Database, channel: str, where: str) -> None:
        guest = self.street.guest(channel)
        if isinstance(guest, ByMail):
            self.by_mail.append(guest)
            account, address = self.street.mail.address, guest.address
        else:
            assert isinstance(guest, OnTelegram)
            if where == "early":
                self.on_telegram.append(guest)
            account, address = str(BOT_ID), str(guest.user_id)
        at, who = now(), new_id()
        async with database.write() as session:
            contact = {"id": who, "name": f"C. {next(self._numbers)}", "created_at": at}
            await session.execute(insert(ContactRow), [contact])
            handle = {"channel": channel, "account": account, "external_id": address}
            await session.execute(
                insert(ContactIdentityRow),
                [{"id": new_id(), "contact_id": who, "created_at": at, **handle}],
            )
            said = {"purpose": "marketing", "granted": True, "said_at": at}
            await session.execute(
                insert(ConsentRow), [{"key": f"list {who}", "contact_id": who, **said}]
            )
            place = {"country": self._countries[where], "city": CITY}
            await session.execute(insert(DemographicsRow), [{"contact_id": who, **place}])


def _zone(country: str) -> ZoneInfo:
    guess = zone_of_country(country)
    assert guess is not None
    return guess.zone


def _countries() -> tuple[str, str]:
    """Return where it is between nine and one, and where it is nine only later on the same date."""
    clocks = {country: now().astimezone(_zone(country)) for country in COUNTRIES}
    early = next(
        one for one, at in clocks.items() if 9 * 60 <= at.hour * 60 + at.minute < 12 * 60 + 30
    )
    later = (
        one for one, at in clocks.items() if at.date() == clocks[early].date() and at.hour < 9
    )
    return early, next(later)


@pytest_asyncio.fixture(loop_scope="session")
async def scene(
    tmp_path_factory: pytest.TempPathFactory, new_context: NewContext
) -> AsyncIterator[Scene]:
    """Start every platform and the product with the trained assistant."""
    async with Street.open(tmp_path_factory.mktemp("campaign")) as street:
        street.desk.start()
        await asyncio.to_thread(street.desk.wait, seconds=900)
        context = await new_context()
        marketer = Colleague(context, await context.new_page())
        yield Scene(street, marketer, *_countries())


async def test_a_campaign_from_the_segment_to_the_result(scene: Scene) -> None:
    await scene.people()
    await _signed_in(scene)
    await _segment(scene)
    await _composed(scene)
    await _tested_on_oneself(scene)
    await _launched(scene)
    await _paused_and_resumed(scene)
    await _everybody_once(scene)
    await _answered_and_stopped(scene)
    await _read(scene)
    assert scene.marketer.trouble == []


async def _signed_in(scene: Scene) -> None:
    name, email, password = MANAGER
    page = scene.marketer.page
    await page.goto(scene.street.desk.console_url)
    await page.get_by_role("link", name="Make the first account").click()
    for label, text in (("Your name", name), ("E-mail", email), ("Password", password)):
        await page.get_by_label(label).fill(text)
    await scene.marketer.presses("Make the account")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


async def _segment(scene: Scene) -> None:
    """Everybody who lives in that town, as the engine knows since its last refresh."""
    await _refreshed(scene)
    marketer, page = scene.marketer, scene.marketer.page
    await marketer.goes("Segments")
    await page.get_by_role("link", name="New segment").click()
    await marketer.fills(Name="Tea drinkers")
    await page.get_by_text("Add a condition", exact=True).click()
    await marketer.presses("Who they are")
    await page.get_by_label("What", exact=True).select_option("city")
    await page.get_by_label("Value").fill(CITY)
    await marketer.presses("Keep condition")
    people = ON_TELEGRAM + LATER + BY_MAIL
    await page.get_by_role("button", name="Preview").last.click()
    await expect(page.locator("#preview h2")).to_contain_text(f"{people} of")
    await marketer.presses("Save")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Tea drinkers")
    await marketer.presses("Refresh now")
    await _until(
        lambda: scene.stored.rows("SELECT 1 FROM segment WHERE size = ?", people),
        "nobody belongs to the segment",
    )


async def _refreshed(scene: Scene) -> None:
    """Bring the engine up to date; the desk may be at it itself, and then it is tried again."""
    for _ in range(60):
        try:
            code, _ = await scene.street.command("analytics", "refresh")
        except AssertionError:
            code = 1
        if code == 0:
            return
        await asyncio.sleep(1)
    raise TimeoutError("the engine is not refreshed")


async def _composed(scene: Scene) -> None:
    marketer, page = scene.marketer, scene.marketer.page
    await marketer.goes("Campaigns")
    await page.get_by_role("link", name="New campaign").click()
    await marketer.fills(Name="Spring tea")
    await page.get_by_label("Segment").select_option(
        label=f"Tea drinkers ({ON_TELEGRAM + LATER + BY_MAIL})"
    )
    await page.get_by_label("Choice 1").select_option("telegram")
    await page.get_by_label("Choice 2").select_option("email")
    await marketer.presses("Add a variant")
    for n, text in enumerate(("Tea at half the price", "Half the price, dear {name|friend}")):
        await page.get_by_label("Text").nth(2 * n).fill(f"{text}: {SALE}")
        await page.get_by_label("Text").nth(2 * n + 1).fill(f"茶叶半价：{SALE}")
        for subject in (2 * n, 2 * n + 1):
            await page.get_by_label("E-mail subject").nth(subject).fill("Spring tea")
    await page.get_by_text("On a date, at each contact's own clock").click()
    today = now().astimezone(scene.zone).date()
    await page.get_by_label("Date", exact=True).fill(today.isoformat())
    await page.locator("[name='local.clock']").fill("09:00")
    await page.get_by_label("Left out to compare with, in percent").fill("10")
    await page.get_by_role("button", name="See how it reads").last.click()
    await expect(page.locator("#seen")).to_contain_text("Tea at half the price")
    await marketer.presses("Save")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Spring tea")


async def _tested_on_oneself(scene: Scene) -> None:
    """To an address that is one's own, after a look at whose it is."""
    page = scene.marketer.page
    own = scene.by_mail[0]
    await page.get_by_role("link", name="Test on yourself").click()
    await page.get_by_label("Channel").select_option("email")
    await page.locator("[name=to]").fill(own.address)
    await page.locator("main form button.primary").last.click()
    await page.locator("button[name=sure]").click()
    await own.hears("half the price")
    assert scene.stored.rows("SELECT * FROM campaign_recipient") == []


async def _launched(scene: Scene) -> None:
    marketer, page = scene.marketer, scene.marketer.page
    await marketer.goes("Campaigns")
    await page.get_by_role("link", name="Spring tea").click()
    await page.get_by_role("link", name="Launch").click()
    # Telegram asks for silence when it is under way: so there is time to pause it, on a busy machine, too.
    for _ in range(ON_TELEGRAM // 10):
        scene.street.telegram.will("none")
    scene.street.telegram.will("429", retry_after=SILENCE)
    await marketer.presses("Launch it")
    await expect(page.get_by_role("main")).to_contain_text("Launched. It goes out at its time.")


def _states(scene: Scene) -> Counter[str]:
    rows = scene.stored.rows("SELECT state, count(*) AS n FROM campaign_recipient GROUP BY state")
    return Counter({row["state"]: row["n"] for row in rows})


async def _until(so, otherwise: str, seconds: float = 60) -> None:  # type: ignore[no-untyped-def]
    deadline = now() + timedelta(seconds=seconds)
    while not so():
        assert now() < deadline, otherwise
        await asyncio.sleep(0.05)


async def _paused_and_resumed(scene: Scene) -> None:
    """In the middle, and what waits stays where it is."""
    marketer, page = scene.marketer, scene.marketer.page
    await _until(lambda: scene.street.telegram.struck["429"], "nothing is sent")
    silent_until = now() + timedelta(seconds=SILENCE)
    await page.locator("#pause-menu summary").click()
    await page.locator("#pause-menu button.primary").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("paused")
    await _until(lambda: not _states(scene)["sending"], "it does not stop")
    still = _states(scene)
    assert still["sent"] < ON_TELEGRAM * 0.9, "it was over before it was paused"
    assert sum(still.values()) == ON_TELEGRAM + LATER + BY_MAIL
    await _until(lambda: now() > silent_until + timedelta(seconds=2), "", 2 * SILENCE)
    assert _states(scene)["sent"] == still["sent"]
    await marketer.presses("Go on")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("running")


def _is_over(states: Counter[str]) -> bool:
    return states["queued"] <= LATER and not states["claimed"] + states["sending"]


async def _everybody_once(scene: Scene) -> None:
    """All where it is nine already; the others wait for their own nine o'clock."""
    await _until(lambda: _is_over(_states(scene)), "it does not end", 120)
    states = _states(scene)
    assert states["sent"] + states["holdout"] + states["queued"] == ON_TELEGRAM + LATER + BY_MAIL
    assert 3 <= states["holdout"] <= 35
    got = Counter(
        m.chat for m in scene.street.telegram.accepted if "half the price" in m.text.lower()
    )
    assert set(got.values()) == {1}
    waiting = scene.stored.rows(
        "SELECT not_before, zone FROM campaign_recipient WHERE state = 'queued'"
    )
    for row in waiting:
        at = datetime.fromisoformat(row["not_before"]).replace(tzinfo=ZoneInfo("UTC"))
        assert at.astimezone(ZoneInfo(row["zone"])).strftime("%H:%M") == "09:00"
    assert scene.street.telegram.violations == []


async def _answered_and_stopped(scene: Scene) -> None:
    heard = []
    for guest in scene.on_telegram:
        if await guest.heard():
            heard.append(guest)
    answers, stops = heard[0], heard[1]
    await answers.asks("where is my order?", "order number")
    await stops.asks("STOP")
    assert scene.stored.rows(
        "SELECT s.reason FROM suppression s JOIN contact_identity i USING (contact_id)"
        " WHERE i.external_id = ?",
        str(stops.user_id),
    )
    names = {
        r["name"]
        for r in scene.stored.rows(
            "SELECT name FROM event WHERE name LIKE 'campaign.%' OR name LIKE 'contact.opted%'"
        )
    }
    assert {"campaign.replied", "contact.opted_out"} <= names


async def _read(scene: Scene) -> None:
    page = scene.marketer.page
    await page.get_by_role("link", name="Results").click()
    main = page.get_by_role("main")
    await expect(main).to_contain_text("Sent")
    await expect(main).to_contain_text(re.compile(r"[-−+]?[\d.]+%? to [-−+]?[\d.]+"))
