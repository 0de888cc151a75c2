"""``frontdesk posts``: drafted, approved, scheduled, cancelled, settled; what is wrong is one line."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import update

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tables.post import PostRow, PostState
from tests.commands.conftest import Frontdesk, failure, frontdesk, invoke, nowhere

__all__ = ["frontdesk", "invoke", "nowhere"]

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture(autouse=True)
def _webhook(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Let something be published on the signed webhook."""
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    monkeypatch.setenv("FRONTDESK_WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setenv("FRONTDESK_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(nowhere / "var"))


async def _draft(frontdesk: Frontdesk, *more: str) -> str:
    options = ("--channel", "webhook", "--by", "Ada", *more)
    return (await frontdesk("posts", "draft", "Our teapots are back.", *options)).stdout


async def test_from_a_draft_to_the_queue(frontdesk: Frontdesk, nowhere: Path) -> None:
    assert "There are no posts" in (await frontdesk("posts", "list")).stdout
    (nowhere / "pot.png").write_bytes(PIXEL)
    more = ("--link", "https://shop.example.com/p", "--image", str(nowhere / "pot.png"))
    assert "frontdesk posts approve 1" in await _draft(frontdesk, *more)
    own = failure(await frontdesk("posts", "approve", "1", "--by", "Ada"))
    assert own == "Who wrote a post cannot approve it; ask somebody else."
    assert "was approved" in (await frontdesk("posts", "approve", "1", "--by", "Ben")).stdout
    slot = await frontdesk("posts", "slots", "--channel", "webhook", "--add", "tue 09:30")
    assert "tue 09:30" in slot.stdout
    assert "30 are needed" in slot.stdout
    done = await frontdesk("posts", "schedule", "1", "--next", "--json")
    shown = json.loads(done.stdout)
    assert (shown["state"], shown["image"]["name"]) == ("scheduled", "pot.png")
    assert shown["due_at"].startswith("2026-03-03T")
    words = (await frontdesk("posts", "show", "1")).stdout
    assert "https://shop.example.com/p" in words
    assert "Written by Ada, approved by Ben." in words
    assert "is cancelled" in (await frontdesk("posts", "cancel", "1", "--by", "Ada")).stdout
    listed = json.loads((await frontdesk("posts", "list", "--json")).stdout)
    assert [(one["id"], one["state"]) for one in listed] == [(1, "cancelled")]


async def test_a_time_is_set(frontdesk: Frontdesk, clock: StoppedClock) -> None:
    await _draft(frontdesk, "--at", "2026-03-05T09:00+01:00")
    shown = json.loads((await frontdesk("posts", "show", "1", "--json")).stdout)
    assert (shown["state"], shown["due_at"]) == ("draft", "2026-03-05T08:00:00+00:00")
    planned = await frontdesk("posts", "schedule", "1", "--at", "2026-03-06T09:00")
    assert planned.stdout == "Post 1 is due 2026-03-06 09:00 UTC; it waits for approval.\n"
    await frontdesk("posts", "approve", "1", "--by", "Ben")
    now = await frontdesk("posts", "schedule", "1", "--now")
    assert now.stdout == f"Post 1 is due {clock():%Y-%m-%d %H:%M} UTC.\n"


async def test_a_person_says_what_became_of_it(frontdesk: Frontdesk, database: Database) -> None:
    for _ in range(2):
        await _draft(frontdesk)
    async with database.write() as session:
        await session.execute(update(PostRow).values(state=PostState.UNKNOWN, reason="crashed"))
    listed = (await frontdesk("posts", "list", "--state", "unknown")).stdout
    assert "We were interrupted" in " ".join(listed.split())
    url = "https://example.com/posts/1"
    there = await frontdesk("posts", "settle", "1", "--published", url)
    assert there.stdout == "Post 1 is published.\n"
    gone = await frontdesk("posts", "settle", "2", "--not")
    assert "frontdesk posts schedule 2 --next" in gone.stdout


WRONG = [
    (("draft", "Hello", "--channel", "x"), "Nothing can be published on x"),
    (("draft", "Hello", "--channel", "webhook", "--link", "shop"), "leads nowhere"),
    (("draft", "Hello", "--channel", "webhook", "--image", "none.png"), "cannot be read"),
    (("draft", "Hello", "--channel", "webhook", "--at", "soon"), "--at"),
    (("approve", "7"), "there is no post 7"),
    (("schedule", "7"), "say when"),
    (("schedule", "7", "--next", "--now"), "say when"),
    (("settle", "7"), "look at the account"),
    (("settle", "7", "--not", "--published", "https://example.com/"), "look at the account"),
    (("slots", "--channel", "webhook", "--add", "noon"), "mon 09:30"),
]


@pytest.mark.parametrize(("words", "what"), WRONG)
async def test_what_is_wrong_is_one_line(
    frontdesk: Frontdesk, words: tuple[str, ...], what: str
) -> None:
    assert what in failure(await frontdesk("posts", *words))
