"""What ``inbox replay`` and ``outbox replay`` share: which messages are meant."""

from typing import Annotated, Protocol

import typer

from app.commands.output import AsJson, print_json, say
from desk.errors import InvalidError

_LARGEST_ID = 2**63 - 1

MessageId = Annotated[str | None, typer.Argument(metavar="ID", help="The message's id.")]
AllDead = Annotated[bool, typer.Option("--all-dead", help="Replay every dead message.")]


class DeadLetters(Protocol):
    """A queue from which messages are replayed."""

    async def replay(self, message_id: int, /) -> None:
        """Give one message another chance."""

    async def replay_all(self) -> int:
        """Give every dead message another chance."""


async def replay(queue: DeadLetters, message_id: str | None, all_dead: bool) -> int:
    """Replay one message or all dead ones; return how many.

    Raises:
        InvalidError: neither or both are asked for, or the id is none.
    """
    if (message_id is None) is not all_dead:
        raise InvalidError("give either the ID of a message or --all-dead")
    if message_id is None:
        return await queue.replay_all()
    is_number = message_id.isascii() and message_id.isdigit() and len(message_id) < 20
    if not is_number or int(message_id) > _LARGEST_ID:
        raise InvalidError(
            f"{message_id!r} is not the id of a message; ids are numbers such as 42"
        )
    await queue.replay(int(message_id))
    return 1


def tell(count: int, *, as_json: AsJson, what: str = "message") -> None:
    """Say how many messages were replayed."""
    if as_json:
        print_json({"replayed": count})
    elif count:
        say(f"Replayed {count} {what if count == 1 else what + 's'}.")
    else:
        say(f"No {what} is dead: there was nothing to replay.")
