"""Every Rasa test story played over HTTP through the whole product: real actions, real shop, real database."""

import asyncio
import re
from collections import defaultdict
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
# A name in braces, Rasa's own words and Python's None have no business in front of a customer.
_RAW = re.compile(r"\{\w+\}|\butter_|\baction_|\bNone\b|\bnull\b|\bundefined\b")

type Played = dict[str, list[str]]


@pytest.fixture(scope="module")
def played(running: RunningDesk) -> Played:
    """Play all stories, several at a time; return what was wrong in each, by its name."""
    return asyncio.run(_play_all(running))


async def _play_all(desk: RunningDesk) -> Played:
    stored = Stored(desk.database_url)
    people = stored.rows("SELECT id, email, phone FROM shop_customer")
    turns = asyncio.Semaphore(AT_ONCE)
    alone: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    async with httpx.AsyncClient(base_url=desk.base, trust_env=False, timeout=30) as client:

        async def play(story: Story) -> list[str]:
            # "My latest ticket" is one of the person's, so nobody may be in two talks at once.
            async with alone[_person(story, people) or story.name], turns:
                return await _play(story, await Customer.arrive(client), stored)

        wrong = await asyncio.gather(*(play(story) for story in STORIES))
    return {story.name: found for story, found in zip(STORIES, wrong, strict=True)}


def _person(story: Story, people: list[Row]) -> str | None:
    text = " ".join(step.text for step in story.steps)
    digits = re.sub(r"\D", "", text)
    # The last seven digits, as numbers are written with and without a country code.
    named = [p["id"] for p in people if p["email"] in text or _digits(p["phone"])[-7:] in digits]
    return named[0] if named else None


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


async def _play(story: Story, customer: Customer, stored: Stored) -> list[str]:
    wrong: list[str] = []
    language = "en"
    for step in story.steps:
        language = language if step.payload else detect(step.text, language)
        try:
            replies = await _take(step, customer, stored)
        except AssertionError as error:
            return [*wrong, f"{step.text!r}: {error}"]
        faults = _faults(step, replies, language)
        if step.command is not None:
            owner = stored.conversation(customer.visitor)["owner"]
            faults += [f"the owner is {owner}"] if owner != OWNERS[step.command] else []
        wrong += [f"{step.text!r}: {fault}" for fault in faults]
    return wrong


async def _take(step: Step, customer: Customer, stored: Stored) -> list[Message]:
    if step.payload is None:
        return await customer.says(step.text)
    offered = [c for c in stored.choices(customer.visitor) if c["payload"]]
    ids = [c["id"] for c in offered if spelled(c["payload"]) == step.payload]
    assert ids, f"there is no such button among {[c['payload'] for c in offered]}"
    return await customer.takes(ids[-1])


def _faults(step: Step, messages: list[Message], language: str) -> list[str]:
    replies = said(messages)
    titles = [choice["title"] for message in messages for choice in message["choices"]]
    shown = "\n".join([replies, *titles])
    faults = [f"{word!r} is missing" for word in step.expected if word not in shown]
    if raw := _RAW.search(shown):
        faults.append(f"{raw[0]!r} is shown to the customer")
    if detect(replies, language) != language:
        faults.append(f"not in {language}")
    if not replies.strip():
        faults.append("no words")
    return [f"{fault} in {shown!r}" for fault in faults]


def test_there_are_enough_stories_and_each_has_a_name_of_its_own() -> None:
    assert len(STORIES) >= 60
    # Half of the sixty that are asked for.
    assert sum(story.is_chinese for story in STORIES) >= 30
    assert len({story.name for story in STORIES}) == len(STORIES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "story", STORIES, ids=lambda story: f"{Path(story.file).stem}: {story.name}"
)
def test_story(story: Story, played: Played) -> None:
    assert played[story.name] == []
