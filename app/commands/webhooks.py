"""``frontdesk webhooks``: other programs that are told what happens here."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from app import secret_key
from app.commands.opened import Opened, run
from app.commands.output import AsJson, print_json, print_table, say
from desk.errors import InvalidError
from desk.webhooks.model import Delivery, Webhook
from desk.webhooks.post import Post
from desk.webhooks.sender import Sender
from desk.webhooks.service import OutgoingWebhooks

app = typer.Typer(help="Other programs that are told what happens here.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The webhook's id.")]


@app.command("list", epilog="Example: frontdesk webhooks list")
def list_(as_json: AsJson = False) -> None:
    """List webhooks and how they do."""

    async def work(opened: Opened) -> tuple[Webhook, ...]:
        return await _service(opened).list()

    found = run(work)
    if as_json:
        print_json(found)
    elif not found:
        say("There are no webhooks yet; add one with: frontdesk webhooks add")
    else:
        columns = ("id", "name", "address", "events", "state", "failing since")
        rows = [
            [one.id, one.name, one.url, ", ".join(one.kinds), _state(one), one.failing_since]
            for one in found
        ]
        print_table("Webhooks", columns, rows)


@app.command(
    epilog="Example: frontdesk webhooks add https://crm.example.com/hook --event 'ticket.*' --name CRM"
)
def add(
    url: Annotated[str, typer.Argument(help="Where the messages go; begins with https://.")],
    event: Annotated[
        list[str], typer.Option(help="ticket.opened, ticket.*, or * for all; may be repeated.")
    ],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Send what was said, too, not only its number.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a webhook and print its secret, which is not shown again."""

    async def work(opened: Opened) -> tuple[Webhook, str]:
        return await _service(opened).add(
            url=url, kinds=tuple(event), name=name, with_text=with_text, by="operator"
        )

    webhook, secret = run(work)
    if as_json:
        print_json({"id": webhook.id, "secret": secret})
    else:
        say(f"{webhook.name} is webhook {webhook.id}. Its secret is not shown again:")
        typer.echo(secret)


@app.command("test", epilog="Example: frontdesk webhooks test 0198c0ffee00aa11bb22cc33dd44ee55")
def send_test(webhook_id: Id, as_json: AsJson = False) -> None:
    """Send a message that says nothing, now, and show what was answered."""

    async def work(opened: Opened) -> Delivery:
        service = _service(opened)
        delivery_id = await service.test(webhook_id)
        await _sender(opened).try_now(webhook_id, delivery_id)
        return await service.delivery(delivery_id)

    delivery = run(work)
    if as_json:
        print_json(delivery)
    elif delivery.error:
        say(f"It did not arrive: {delivery.error}. It is tried again later.")
    else:
        say(f"It arrived: {delivery.status}.")


@app.command(
    epilog="Example: frontdesk webhooks replay 0198c0ffee00aa11bb22cc33dd44ee55 --hours 24"
)
def replay(
    webhook_id: Id,
    delivery: Annotated[int | None, typer.Option(help="One delivery, by its number.")] = None,
    hours: Annotated[
        int | None, typer.Option(min=1, max=720, help="All that did not arrive in so many hours.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one delivery again, or all that did not arrive; a running worker sends them."""
    if (delivery is None) == (hours is None):
        raise typer.BadParameter("give --delivery or --hours")

    async def work(opened: Opened) -> int:
        service = _service(opened)
        if hours is not None:
            since: datetime = opened.clock() - timedelta(hours=hours)
            return await service.replay_since(webhook_id, since)
        found = await service.delivery(delivery or 0)
        if found.webhook_id != webhook_id:
            raise InvalidError(f"delivery {delivery} is another webhook's")
        await service.replay(found.id)
        return 1

    count = run(work)
    if as_json:
        print_json({"queued": count})
    else:
        say(f"{count} to be sent again." if count else "Nothing was missed in this time.")


def _post(opened: Opened) -> Post:
    return Post(allow_private=opened.settings.webhook_allow_private)


def _service(opened: Opened) -> OutgoingWebhooks:
    return OutgoingWebhooks(
        database=opened.database,
        post=_post(opened),
        secret=secret_key.known(opened.settings),
        clock=opened.clock,
    )


def _sender(opened: Opened) -> Sender:
    return Sender(
        database=opened.database,
        post=_post(opened),
        secret=secret_key.known(opened.settings),
        clock=opened.clock,
    )


def _state(webhook: Webhook) -> str:
    if webhook.enabled:
        return "on"
    return f"switched off: {webhook.off_reason}" if webhook.off_reason else "off"
