"""``frontdesk offers``."""

import json

from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure, frontdesk, invoke, nowhere

__all__ = ["frontdesk", "invoke", "nowhere"]

TEA = (
    *("offers", "add", "tea", "--title-en", "Tea for two", "--title-zh", "双人茶礼"),
    *("--text-en", "A teapot with two cups, 15% off.", "--text-zh", "茶壶配两只茶杯。"),
)


async def test_an_offer_from_adding_to_stopping(frontdesk: Frontdesk) -> None:
    assert "There are no offers" in (await frontdesk("offers", "list")).stdout
    assert (
        await frontdesk(*TEA, "--sku", "T1", "--most-shown", "5")
    ).stdout == "tea is kept: active.\n"
    assert "already" in failure(await frontdesk(*TEA))
    (one,) = json.loads((await frontdesk("offers", "list", "--json")).stdout)
    assert (one["code"], one["state"], one["sku"], one["most_shown"]) == ("tea", "active", "T1", 5)
    shown = await frontdesk("offers", "show", "tea")
    assert "Tea for two / 双人茶礼: active." in shown.stdout
    assert (await frontdesk("offers", "stop", "tea")).stdout == "tea is stopped.\n"
    (one,) = json.loads((await frontdesk("offers", "list", "--json")).stdout)
    assert one["state"] == "stopped"
    assert (await frontdesk("offers", "stop", "tea", "--resume")).stdout == "tea is shown again.\n"
    found = json.loads((await frontdesk("offers", "show", "tea", "--json")).stdout)
    assert (found["always"], found["log"], found["edition"]) == (None, [], 3)


@SQLITE_ONLY
async def test_what_is_wrong_is_one_line(frontdesk: Frontdesk) -> None:
    assert "frontdesk offers list" in failure(await frontdesk("offers", "show", "sofa"))
    assert "url" in failure(await frontdesk(*TEA, "--url", "tea"))
    assert "ends_at" in failure(
        await frontdesk(*TEA, "--starts", "2026-03-02", "--ends", "2026-03-01")
    )
    assert "--starts" in str((await frontdesk(*TEA, "--starts", "soon")).exception)
