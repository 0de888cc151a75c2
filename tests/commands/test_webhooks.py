"""``frontdesk webhooks``: list, add, test, replay."""

import json

import pytest

from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.conftest import SECRET
from tests.webhooks.receiver import Receiver

pytestmark = SQLITE_ONLY


async def test_a_webhook_is_added_tried_and_sent_again(
    frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_SECRET_KEY", SECRET)
    monkeypatch.setenv("FRONTDESK_WEBHOOK_ALLOW_PRIVATE", "true")
    assert "There are no webhooks yet" in (await frontdesk("webhooks", "list")).stdout
    async with Receiver(script=[500]) as receiver:
        added = await frontdesk(
            "webhooks", "add", receiver.url, "--event", "ticket.*", "--name", "CRM", "--json"
        )
        made = json.loads(added.stdout)
        assert "answered 500" in (await frontdesk("webhooks", "test", made["id"])).stdout
        assert "It arrived: 200." in (await frontdesk("webhooks", "test", made["id"])).stdout
        assert [got.is_signed_with(made["secret"]) for got in receiver.got] == [True, True]
        assert receiver.strikes["500"] == 1
    (listed,) = json.loads((await frontdesk("webhooks", "list", "--json")).stdout)
    assert (listed["name"], listed["kinds"], listed["enabled"]) == ("CRM", ["ticket.*"], True)
    assert "whsec_" not in (await frontdesk("webhooks", "list")).stdout
    again = await frontdesk("webhooks", "replay", made["id"], "--delivery", "2")
    assert again.stdout == "1 to be sent again.\n"
    busy = failure(await frontdesk("webhooks", "replay", made["id"], "--delivery", "2"))
    assert busy == "delivery 2 is under way already"
    none = await frontdesk("webhooks", "replay", made["id"], "--hours", "24")
    assert none.stdout == "Nothing was missed in this time.\n"


async def test_what_cannot_be(frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = await frontdesk("webhooks", "add", "https://127.0.0.1/", "--event", "*")
    assert failure(inside) == "127.0.0.1 is not out in the internet"
    plain = await frontdesk("webhooks", "add", "http://example.com/", "--event", "*")
    assert "https://" in failure(plain)
    kind = await frontdesk("webhooks", "add", "https://127.0.0.1/", "--event", "tea.*")
    assert "there is no event" in failure(kind)
    assert "no webhook" in failure(await frontdesk("webhooks", "test", "none"))
    assert (await frontdesk("webhooks", "replay", "none")).exit_code == 2
    monkeypatch.setenv("FRONTDESK_WEBHOOK_ALLOW_PRIVATE", "true")
    keyless = await frontdesk("webhooks", "add", "http://127.0.0.1/", "--event", "*")
    assert "FRONTDESK_SECRET_KEY" in failure(keyless)
