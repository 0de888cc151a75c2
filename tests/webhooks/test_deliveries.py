"""From an event to somebody else's server, whatever that server does."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.tables.webhook import WebhookDeliveryRow, WebhookState
from desk.webhooks.post import Post
from desk.webhooks.schedule import STEPS
from desk.webhooks.sender import LEASE
from desk.webhooks.sweep import DELIVERIES_KEPT, WebhookSweep
from tests.webhooks.conftest import Hooks, Said
from tests.webhooks.receiver import Receiver

_HOUR = timedelta(hours=1)


async def test_an_event_is_told_once_and_signed(hooks: Hooks, receiver: Receiver) -> None:
    webhook, secret = await hooks.service.add(
        url=receiver.url, kinds=("ticket.*",), name="CRM", by="Mo"
    )
    await hooks.happen("ticket.opened", "conversation.started", "turn.answered", topic="refund")
    assert await hooks.until_quiet() == 1
    (got,) = receiver.got
    assert got.is_signed_with(secret)
    assert got.headers["content-type"] == "application/json"
    assert got.message["id"] == got.id
    assert got.message["type"] == "ticket.opened"
    assert got.message["timestamp"] == "2026-03-02T12:00:00+00:00"
    assert got.message["data"]["ticket"] == "T-000007"
    assert got.message["data"]["topic"] == "refund"
    (delivery,) = await hooks.service.deliveries(webhook.id)
    assert (delivery.state, delivery.status, delivery.answer) == ("delivered", 200, "ok")


async def test_each_webhook_is_told_what_it_wants(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.happen("ticket.opened")
    hooks.clock.advance(timedelta(seconds=1))
    for kinds in (("ticket.opened",), ("*",), ("sla.*",)):
        await hooks.service.add(url=receiver.url, kinds=kinds, by="Mo")
    off, _ = await hooks.service.add(url=receiver.url, kinds=("*",), by="Mo")
    await hooks.service.change(off.id, enabled=False)
    await hooks.happen("ticket.opened", "ticket.assigned")
    await hooks.until_quiet()
    kinds = sorted(got.message["type"] for got in receiver.got)
    assert kinds == ["ticket.assigned", "ticket.opened", "ticket.opened"]


@pytest.mark.parametrize("with_text", [False, True])
async def test_words_are_told_only_by_request(
    hooks: Hooks, receiver: Receiver, world: Said, with_text: bool
) -> None:
    message_id = await world.says("my card number")
    await hooks.service.add(url=receiver.url, kinds=("message.*",), with_text=with_text, by="Mo")
    await hooks.happen("message.received", message_id=message_id)
    await hooks.until_quiet()
    (got,) = receiver.got
    assert got.message["data"].get("text") == ("my card number" if with_text else None)
    assert ("my card number" in got.body) is with_text
    (row,) = await hooks.deliveries()
    assert "my card number" not in str(row.payload)


async def test_a_receiver_that_is_down_for_an_hour(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    receiver.close()
    for _ in range(5):
        await hooks.happen("ticket.opened")
    refused = 0
    for _ in range(60):
        refused += await hooks.sender.step()
        hooks.clock.advance(timedelta(minutes=1))
    assert refused >= 5 * 3
    assert (await hooks.service.get(webhook.id)).failing_since is not None
    assert receiver.got == []
    await receiver.open()
    hooks.clock.advance(2 * _HOUR)
    await hooks.until_quiet()
    assert len({got.id for got in receiver.got}) == len(receiver.got) == 5
    assert {row.state for row in await hooks.deliveries()} == {WebhookState.DELIVERED}
    assert (await hooks.service.get(webhook.id)).failing_since is None


@pytest.mark.parametrize(
    ("fault", "words", "wait", "patience"),
    [
        (500, "answered 500", STEPS[0], 15),
        (404, "answered 404", STEPS[0], 15),
        ("redirect", "redirects are not followed", STEPS[0], 15),
        ("later", "answered 503", timedelta(seconds=90), 15),
        ("close", "no connection", STEPS[0], 15),
        ("hang", "no answer within 1 seconds", STEPS[0], 1),
    ],
)
async def test_a_fault_is_noted_and_the_message_comes_again(
    hooks: Hooks, receiver: Receiver, fault: int | str, words: str, wait: timedelta
) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    receiver.script = [fault]
    await hooks.happen("ticket.opened")
    assert await hooks.until_quiet() == 1
    (row,) = await hooks.deliveries()
    assert row.state is WebhookState.QUEUED
    assert words in (row.last_error or "")
    assert row.not_before == hooks.clock() + wait
    hooks.clock.advance(wait)
    assert await hooks.another().step() == 1
    assert receiver.strikes == {str(fault): 1}
    first, second = receiver.got
    assert first.id == second.id
    assert second.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]
    (row,) = await hooks.deliveries()
    assert (row.state, row.attempts) == (WebhookState.DELIVERED, 2)


async def test_the_address_that_was_checked_is_the_one_that_is_asked(receiver: Receiver) -> None:
    asked = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    post = Post(allow_private=True, resolve=resolve)
    answer = await post.send(
        f"http://hook.example.com:{receiver.port}/x", b"{}", {"webhook-id": "1"}
    )
    assert answer.error == ""
    assert asked == ["hook.example.com"]
    assert receiver.got[0].headers["host"] == f"hook.example.com:{receiver.port}"


async def test_an_answer_without_end_is_not_read(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    receiver.script = ["endless"]
    await hooks.happen("ticket.opened")
    await hooks.until_quiet()
    assert receiver.strikes["endless"] == 1
    (row,) = await hooks.deliveries()
    assert row.state is WebhookState.DELIVERED
    assert row.answer == "x" * 1_000


async def test_a_process_that_dies_after_sending_repeats_itself(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen("ticket.opened")
    died = 0

    async def die(*_: object) -> None:
        nonlocal died
        died += 1
        raise asyncio.CancelledError

    monkeypatch.setattr(hooks.sender, "_settle", die)
    with pytest.raises(asyncio.CancelledError):
        await hooks.sender.step()
    assert died == 1
    other = hooks.another()
    assert await other.step() == 0  # the claim still holds
    hooks.clock.advance(LEASE + timedelta(seconds=1))
    assert await other.step() == 1
    first, second = receiver.got
    assert first.id == second.id
    assert first.body == second.body
    (row,) = await hooks.deliveries()
    assert row.state is WebhookState.DELIVERED


@pytest.mark.parametrize("patience", [1.0])
async def test_a_late_process_does_not_overwrite(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen("ticket.opened")
    receiver.script = ["hang"]
    late = asyncio.create_task(hooks.sender.step())
    while not receiver.got:
        await asyncio.sleep(0.005)
    hooks.clock.advance(LEASE + timedelta(seconds=1))
    assert await hooks.another().step() == 1
    await late
    assert receiver.strikes["hang"] == 1
    (row,) = await hooks.deliveries()
    assert (row.state, row.attempts) == (WebhookState.DELIVERED, 2)


async def test_processes_do_not_send_twice(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen(*["ticket.opened"] * 12)
    senders = [hooks.sender, hooks.another(), hooks.another()]
    for _ in range(12):
        await asyncio.gather(*(sender.step() for sender in senders))
    assert len(receiver.got) == len({got.id for got in receiver.got}) == 12


@pytest.mark.parametrize("patience", [3.0])
async def test_a_slow_webhook_holds_up_nobody_else(hooks: Hooks, receiver: Receiver) -> None:
    async with Receiver(script=["hang"] * 9) as slow:
        await hooks.service.add(url=slow.url, kinds=("ticket.*",), by="Mo")
        await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
        await hooks.happen(*["ticket.opened"] * 3)
        running = asyncio.create_task(hooks.sender.step())
        while len(receiver.got) < 3:
            await asyncio.sleep(0.005)
        assert not running.done()
        assert slow.strikes["hang"] == 3
        await running


async def test_the_last_try_and_another_chance(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    receiver.script = [500] * 10
    await hooks.happen("ticket.opened")
    for step in (*STEPS, timedelta()):
        await hooks.until_quiet()
        hooks.clock.advance(step)
    (row,) = await hooks.deliveries()
    assert (row.state, row.attempts, receiver.strikes["500"]) == (WebhookState.DEAD, 10, 10)
    await hooks.service.replay(row.id)
    with pytest.raises(ConflictError):
        await hooks.service.replay(row.id)
    await hooks.until_quiet()
    (row,) = await hooks.deliveries()
    assert row.state is WebhookState.DELIVERED
    assert len({got.id for got in receiver.got}) == 1
    with pytest.raises(NotFoundError):
        await hooks.service.replay(row.id + 1)
    assert (await hooks.service.get(webhook.id)).enabled


async def test_days_of_failure_switch_a_webhook_off(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("*",), by="Mo")
    other, _ = await hooks.service.add(url=receiver.url, kinds=("webhook.*",), by="Mo")
    receiver.script = [500] * 40
    days = 0
    while (await hooks.service.get(webhook.id)).enabled:
        await hooks.happen("ticket.opened")
        await hooks.until_quiet()
        hooks.clock.advance(timedelta(days=1))
        days += 1
        assert days < 10
    assert days == 6
    assert receiver.strikes["500"] >= 6
    off = await hooks.service.get(webhook.id)
    assert off.off_reason == "failing"
    receiver.script, receiver.got = [], []
    await hooks.happen("ticket.opened")
    await hooks.until_quiet()
    told = [got.message["data"] for got in receiver.got]
    assert told == [{"webhook_id": webhook.id, "reason": "failing"}]
    assert (await hooks.service.get(other.id)).enabled
    on = await hooks.service.change(webhook.id, enabled=True)
    assert (on.failing_since, on.off_reason) == (None, None)


async def test_a_receiver_that_is_gone_is_told_nothing_more(
    hooks: Hooks, receiver: Receiver
) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    receiver.script = ["gone"]
    await hooks.happen("ticket.opened")
    await hooks.until_quiet()
    assert receiver.strikes["gone"] == 1
    row = await hooks.webhook()
    assert (row.enabled, row.off_reason) == (False, "gone")
    hooks.clock.advance(_HOUR)
    assert await hooks.until_quiet() == 0


async def test_what_was_missed_is_told_on_request(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    since = hooks.clock()
    await hooks.happen("ticket.opened")
    await hooks.until_quiet()
    await hooks.service.change(webhook.id, enabled=False)
    await hooks.happen("ticket.assigned", "ticket.merged", "message.received")
    await hooks.service.change(webhook.id, enabled=True)
    receiver.script = [500] * 10
    await hooks.happen("ticket.reopened")
    async with hooks.database.write() as session:
        dead = update(WebhookDeliveryRow).where(WebhookDeliveryRow.kind == "ticket.reopened")
        await session.execute(dead.values(state=WebhookState.DEAD))
    receiver.script = []
    assert await hooks.service.replay_since(webhook.id, since) == 3
    assert await hooks.service.replay_since(webhook.id, since) == 0
    await hooks.until_quiet()
    told = sorted(got.message["type"] for got in receiver.got)
    assert told == ["ticket.assigned", "ticket.merged", "ticket.opened", "ticket.reopened"]
    for far in (timedelta(days=31), timedelta(seconds=-1)):
        with pytest.raises(InvalidError):
            await hooks.service.replay_since(webhook.id, hooks.clock() - far)


async def test_what_was_replayed_before_it_was_told_is_told_once(
    hooks: Hooks, receiver: Receiver
) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    step, hooks.follower.step = hooks.follower.step, _nothing  # type: ignore[method-assign]
    await hooks.happen("ticket.opened")
    assert await hooks.service.replay_since(webhook.id, hooks.clock()) == 1
    assert await step() == 1
    await hooks.until_quiet()
    assert len(receiver.got) == 1


async def _nothing() -> int:
    return 0


async def test_a_new_secret_and_the_one_before(hooks: Hooks, receiver: Receiver) -> None:
    webhook, old = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    new = await hooks.service.rotate(webhook.id)
    assert new != old
    assert {new, old}.isdisjoint(str(vars(await hooks.webhook())).split("'"))
    signed = []
    for wait in (timedelta(hours=23), timedelta(hours=2)):
        hooks.clock.advance(wait)
        await hooks.happen("ticket.opened")
        await hooks.until_quiet()
        got = receiver.got[-1]
        signed.append((got.is_signed_with(new), got.is_signed_with(old)))
    assert signed == [(True, True), (True, False)]


async def test_a_rule_queues_a_message_in_its_own_transaction(
    hooks: Hooks, receiver: Receiver
) -> None:
    webhook, secret = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    async with hooks.database.write() as session:
        await hooks.service.queue(session, webhook.id, "rule.fired", {"rule": "r1"})
        with pytest.raises(NotFoundError):
            await hooks.service.queue(session, "none", "rule.fired", {})
        with pytest.raises(InvalidError):
            await hooks.service.queue(session, webhook.id, "rule.fired", {"x": "y" * 70_000})
    test_id = await hooks.service.test(webhook.id)
    assert await hooks.sender.try_now(webhook.id, test_id)
    assert not await hooks.sender.try_now(webhook.id, test_id)
    await hooks.until_quiet()
    assert [got.message["type"] for got in receiver.got] == ["webhook.tested", "rule.fired"]
    assert receiver.got[1].message["data"] == {"rule": "r1"}
    assert all(got.is_signed_with(secret) for got in receiver.got)


@pytest.mark.parametrize("patience", [1.0])
async def test_a_webhook_that_is_removed_meanwhile(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen("ticket.opened")
    receiver.script = ["hang"]
    running = asyncio.create_task(hooks.sender.step())
    while not receiver.got:
        await asyncio.sleep(0.005)
    await hooks.service.remove(webhook.id)
    await running
    assert await hooks.deliveries() == []
    with pytest.raises(NotFoundError):
        await hooks.service.remove(webhook.id)


async def test_a_webhook_is_changed(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    changed = await hooks.service.change(
        webhook.id, kinds=("sla.*",), name="Pager", with_text=True
    )
    assert (changed.kinds, changed.name, changed.with_text) == (("sla.*",), "Pager", True)
    assert changed.url == webhook.url
    for wrong in ({"url": "nonsense"}, {"kinds": ("none",)}):
        with pytest.raises(InvalidError):
            await hooks.service.change(webhook.id, **wrong)  # type: ignore[arg-type]


async def test_old_deliveries_are_swept(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen("ticket.opened")
    await hooks.until_quiet()
    await hooks.happen("ticket.opened")
    sweep = WebhookSweep(hooks.database, hooks.clock)
    hooks.clock.advance(DELIVERIES_KEPT + _HOUR)
    assert await sweep.step() == 1
    assert [row.state for row in await hooks.deliveries()] == [WebhookState.QUEUED]


async def test_the_loop_wakes_and_ends(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.service.add(url=receiver.url, kinds=("ticket.*",), by="Mo")
    await hooks.happen(*["ticket.opened"] * 9)
    loop = asyncio.create_task(hooks.sender.run())
    async with asyncio.timeout(20):
        while len(receiver.got) < 9:
            await asyncio.sleep(0.005)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    states = [row.state for row in await hooks.deliveries()]
    assert states == [WebhookState.DELIVERED] * 9
