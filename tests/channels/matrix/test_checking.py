"""What the check tells an operator, by a real homeserver."""

import json

import pytest

from channels.matrix.checking import registration
from desk.channel import ChannelDownError
from desk.errors import RetryableError
from tests.channels.matrix.desk import SmallDesk
from tests.channels.matrix.subject import ADDRESS, build
from tests.platforms.matrix.proxy import Proxy
from tests.platforms.matrix.server import AS_TOKEN, BOT, HS_TOKEN


async def test_all_is_well(desk: SmallDesk) -> None:
    check = await desk.channel.check()
    assert (check.account, check.problems) == (BOT, ())
    (note,) = check.notes
    assert AS_TOKEN not in note
    assert HS_TOKEN not in note
    assert f"url: {ADDRESS}" in note


async def test_a_server_that_does_not_reach_us_is_a_problem(desk: SmallDesk) -> None:
    desk.away = True
    check = await desk.channel.check()
    assert "does not reach us" in check.problems[0]
    assert desk.struck[503] >= 1


async def test_another_user_is_a_problem(proxy: Proxy) -> None:
    channel = build(proxy.url)
    channel.account = "@other:example.org"
    check = await channel.check()
    assert check.problems[0].startswith(f"the registration's user is {BOT}")
    await channel.close()


async def test_a_revoked_token_and_an_absent_server_are_errors(proxy: Proxy) -> None:
    channel = build(proxy.url)
    proxy.will("revoked", at="whoami")
    with pytest.raises(ChannelDownError, match="FRONTDESK_MATRIX_AS_TOKEN"):
        await channel.check()
    proxy.will("revoked", at="register")
    with pytest.raises(ChannelDownError):
        await channel.start()
    assert proxy.struck == {"revoked": 2}
    await channel.close()
    nobody = build("http://127.0.0.1:9")  # the discard port: nobody listens
    with pytest.raises(RetryableError) as raised:
        await nobody.check()
    assert not isinstance(raised.value, ChannelDownError)
    await nobody.close()


def test_the_registration_escapes_what_a_pattern_would_read() -> None:
    text = registration("@front.desk+1:example.com", "frontdesk", ADDRESS)
    pattern = json.loads(text.rpartition("regex: ")[2])
    assert pattern == r"@front\.desk\+1:example\.com"
    assert "sender_localpart: front.desk+1\n" in text
