"""Saved replies: whose they are, what is filled in, what is refused."""

import re

import pytest

from app.wiring import Desk
from desk.agentdesk.rules import DeskRules
from desk.canned import Canned, UnknownVariableError, filled
from desk.commerce.rules import Bilingual
from desk.errors import ConflictError, InvalidError
from tests.console.conftest import Browser
from tests.talk import conversation, says


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello {customer}!", "Hello A. B.!"),
        ("{order} and {ticket}", "{order} and {ticket}"),
        ("{customer.__class__} {0} {}", "{customer.__class__} {0} {}"),
    ],
)
def test_filled(text: str, shown: str) -> None:
    assert filled(text, {"customer": "A. B.", "order": ""}) == shown


async def test_what_is_no_reply_is_not_kept(desk: Desk) -> None:
    canned = Canned(desk.database, desk.clock)
    for name, en in (("", "x"), ("x", ""), ("x", "y" * 4_001)):
        with pytest.raises(InvalidError):
            await canned.save(None, name=name, en=en, zh="", owner="", by="Mo")
    with pytest.raises(UnknownVariableError):
        await canned.save(None, name="x", en="{secret}", zh="", owner="", by="Mo")
    await canned.save(None, name="x", en="y", zh="", owner="", by="Mo")
    with pytest.raises(ConflictError):
        await canned.save(None, name="x", en="z", zh="", owner="", by="Mo")
    await canned.save(None, name="x", en="own", zh="", owner="Mo", by="Mo")
    assert [one.en for one in await canned.of("Mo")] == ["y", "own"]
    assert [one.en for one in await canned.of("Kit")] == ["y"]


async def test_those_of_the_rules_file_stand_among_them(desk: Desk) -> None:
    rules = DeskRules(replies={"thanks": Bilingual(en="Thank you, {customer}.", zh="谢谢您。")})
    (one,) = await Canned(desk.database, desk.clock, lambda: rules).of("Mo")
    assert (one.id, one.name, one.text("zh")) == (None, "thanks", "谢谢您。")


async def test_a_reply_is_written_changed_used_and_removed(mo: Browser, desk: Desk) -> None:
    assert "No saved replies yet" in await mo.see("/console/canned")
    saved = await mo.submit(
        "/console/canned/own", name="Hi", en="Hi {customer}, {agent}", zh="您好"
    )
    assert saved.status_code == 303
    await says(desk, "human", sender_name='A "B" <i>')
    at = f"/console/conversations/{(await conversation(desk)).id}"
    await mo.submit(f"{at}/take-over")
    assert 'data-insert="Hi A &#34;B&#34; &lt;i&gt;, Mo"' in await mo.see(at)
    (path,) = set(re.findall(r'action="(/console/canned/\d+)"', await mo.see("/console/canned")))
    wrong = await mo.submit(path, name="Hi", en="{who}")
    assert wrong.status_code == 422
    assert "There is no such variable. Use {customer}" in wrong.text
    assert ">{who}</textarea>" in wrong.text
    assert (await mo.submit(path, name="Hey", en="Hey")).status_code == 303
    assert 'data-insert="Hey"' in await mo.see(at)
    assert (await mo.submit(f"{path}/remove")).status_code == 303
    assert "data-insert" not in await mo.see(at)
    assert (await mo.submit(f"{path}/remove")).status_code == 404
