"""Every Rasa test story played over HTTP through the whole product: real actions, real shop, real database."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from desk.dialogue.language import detect
from tests.acceptance.stories import Step, Story, load, spelled
from tests.customer import Customer, Message, said
from tests.running import RunningDesk
from tests.stored import Row, Stored

pytestmark = pytest.mark.rasa

AT_ONCE = 6
OWNERS = {"handoff": "waiting", "resolve": "closed"}
"""Who owns a conversation after a command in a reply."""
STORIES = load()
# Those of bot/runtime that run in a turn.
PIECES = (
    "runner",
    "actions",
    "trackers",
    "states",
    "rules",
    "events",
    "domain",
    "quiet",
    "memory",
    "server",
)
# A name in braces, Rasa's own words and Python's None have no business in front of a customer.
_RAW = re.compile(r"\{\w+\}|\butter_|\baction_|\bNone\b|\bnull\b|\bundefined\b")

# Which number a ticket gets depends on who else is talking.
_TICKET = re.compile(r"T-\d{6}")


@dataclass
class Played:
    """One story as it was played: what the bot said at each step, and what was wrong with it."""

    said: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(running: RunningDesk) -> dict[str, Played]:
    """Play all stories, several at a time; return each by its name."""
    return asyncio.run(_play_all(running))


@pytest.fixture(scope="module")
def played_as_shipped(
    tmp_path_factory: pytest.TempPathFactory, running: RunningDesk
) -> Iterator[dict[str, Played]]:
    """Play all stories with Rasa as it was shipped; TensorFlow, which computes nothing here, stays out."""
    assert running.pid  # it trained the model
    env = {"FRONTDESK_RASA_AS_SHIPPED": ",".join(PIECES)}
    desk = RunningDesk(tmp_path_factory.mktemp("shipped"), "--demo", env=env)
    desk.start()
    try:
        desk.wait()
        yield asyncio.run(_play_all(desk))
    finally:
        desk.stop()


async def _play_all(desk: RunningDesk) -> dict[str, Played]:
    stored = Stored(desk.database_url)
    people = stored.rows("SELECT id, email, phone FROM shop_customer")
    turns = asyncio.Semaphore(AT_ONCE)
    alone: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with httpx.AsyncClient(base_url=desk.base, trust_env=False, timeout=30) as client:

        async def play(story: Story) -> Played:
            # "My latest ticket" is one of the person's, so nobody may be in two talks at once.
            async with alone[_person(story, people) or story.name], turns:
                return await _play(story, await Customer.arrive(client), stored)

        played = await asyncio.gather(*(play(story) for story in STORIES))
    return {story.name: one for story, one in zip(STORIES, played, strict=True)}


def _person(story: Story, people: list[Row]) -> str | None:
    text = " ".join(step.text for step in story.steps)
    digits = re.sub(r"\D", "", text)
    # The last seven digits, as numbers are written with and without a country code.
    named = [
        p["id"]
        for p in people
        if p["email"] in text or (p["phone"] and _digits(p["phone"])[-7:] in digits)
    ]
    return named[0] if named else None


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


async def _play(story: Story, customer: Customer, stored: Stored) -> Played:
    played = Played()
    language = "en"
    for step in story.steps:
        language = language if step.payload else detect(step.text, language)
        try:
            replies = await _take(step, customer, stored)
        except AssertionError as error:
            played.wrong.append(f"{step.text!r}: {error}")
            return played
        played.said.append(_TICKET.sub("T-", _shown(replies)))
        faults = _faults(step, replies, language)
        if step.command is not None:
            owner = stored.conversation(customer.visitor)["owner"]
            faults += [f"the owner is {owner}"] if owner != OWNERS[step.command] else []
        played.wrong += [f"{step.text!r}: {fault}" for fault in faults]
    return played


async def _take(step: Step, customer: Customer, stored: Stored) -> list[Message]:
    if step.payload is None:
        return await customer.says(step.text)
    offered = [c for c in stored.choices(customer.visitor) if c["payload"]]
    ids = [c["id"] for c in offered if spelled(c["payload"]) == step.payload]
    assert ids, f"there is no such button among {[c['payload'] for c in offered]}"
    return await customer.takes(ids[-1])


def _faults(step: Step, messages: list[Message], language: str) -> list[str]:
    replies = said(messages)
    shown = _shown(messages)
    faults = [f"{word!r} is missing" for word in step.expected if word not in shown]
    if raw := _RAW.search(shown):
        faults.append(f"{raw[0]!r} is shown to the customer")
    if detect(replies, language) != language:
        faults.append(f"not in {language}")
    if not replies.strip():
        faults.append("no words")
    return [f"{fault} in {shown!r}" for fault in faults]


def _shown(messages: list[Message]) -> str:
    titles = [choice["title"] for message in messages for choice in message["choices"]]
    return "\n".join([said(messages), *titles])


def test_there_are_enough_stories_and_each_has_a_name_of_its_own() -> None:
    assert len(STORIES) >= 60
    # Half of the sixty that are asked for.
    assert sum(story.is_chinese for story in STORIES) >= 30
    assert len({story.name for story in STORIES}) == len(STORIES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "story", STORIES, ids=lambda story: f"{Path(story.file).stem}: {story.name}"
)
def test_story(story: Story, played: dict[str, Played]) -> None:
    assert played[story.name].wrong == []


@pytest.mark.timeout(900)
def test_replies_are_the_same_with_rasa_as_it_was_shipped(
    played: dict[str, Played], played_as_shipped: dict[str, Played]
) -> None:
    ours = {name: one.said for name, one in played.items()}
    assert ours == {name: one.said for name, one in played_as_shipped.items()}
    assert sum(map(len, ours.values())) > 400
