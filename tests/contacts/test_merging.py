"""Merging, splitting and undoing, by what a reader sees afterwards."""

from datetime import timedelta
from typing import Any

import pytest

from desk.clock import StoppedClock
from desk.contacts.importing import ContactImporter
from desk.contacts.merge_model import TwoCustomersError
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts
from desk.errors import ConflictError, InvalidError, NotFoundError
from tests.conftest import NOON
from tests.contacts.people import People

NOBODY = "0" * 32


async def test_everything_goes_to_the_kept_contact_and_back(
    people: People, merging: Merging, clock: StoppedClock
) -> None:
    kept = await people.person(name="Ada's phone")
    other = await people.person("other", email="ada@example.com")
    before, fields = await people.belongings(), await people.contacts()
    made = await merging.merge(kept, other, by="Kim", why="said so on the phone")
    assert set((await people.belongings()).values()) == {kept}
    assert (made.moved, made.filled) == ({"handles": 1, "conversations": 1}, ("email",))
    contacts = await people.contacts()
    assert (contacts[kept]["email"], contacts[other]["merged_into"]) == ("ada@example.com", kept)
    clock.advance(timedelta(hours=1))
    undone = await merging.undo(made.id, by="Lee")
    assert (undone.undone_at, undone.undone_by) == (NOON + timedelta(hours=1), "Lee")
    assert await people.belongings() == before
    assert await people.contacts() == fields
    merged, split = await people.events("contact.")
    assert (merged.name, split.name) == ("contact.merged", "contact.split")
    for event in (merged, split):
        assert (event.contact_id, event.data["other_id"]) == (kept, other)
    assert [len(merged.data[name]) for name in ("identities", "conversations")] == [1, 1]


async def test_what_came_since_goes_with_its_handle_or_stays(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.contact()
    handle = await people.handle(other)
    made = await merging.merge(kept, other, by="Kim")
    new_talk = await people.talk(handle)
    new_handle = await people.handle(kept, "late")
    stays = await people.talk(new_handle)
    await merging.undo(made.id, by="Kim")
    owned = await people.belongings()
    assert owned["conversations", new_talk] == owned["handles", handle] == other
    assert owned["conversations", stays] == owned["handles", new_handle] == kept
    await people.check()


async def test_attributes_fill_what_is_not_known_and_go_back(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.person("other")
    await people.know(kept, "size", "M")
    await people.know(other, "size", "L")
    await people.know(other, "shoes", "42")
    made = await merging.merge(kept, other, by="Kim")
    assert await people.known(kept) == {"size": "M", "shoes": "42"}
    assert await people.known(other) == {"size": "L"}, "where it was, for the day it is undone"
    await merging.undo(made.id, by="Kim")
    assert await people.known(kept) == {"size": "M"}
    assert await people.known(other) == {"size": "L", "shoes": "42"}


async def test_a_field_that_was_changed_since_is_left_alone(
    people: People, merging: Merging
) -> None:
    kept = await people.person()
    other = await people.person(name="x", email="ada@example.com", phone="+15550100")
    made = await merging.merge(kept, other, by="Kim")
    await people.set(kept, email="new@example.com")
    await merging.undo(made.id, by="Kim")
    row = (await people.contacts())[kept]
    assert (row["email"], row["phone"]) == ("new@example.com", None)


async def test_a_split_handle_takes_its_conversations_and_can_come_back(
    people: People, merging: Merging
) -> None:
    contact = await people.person(language="zh")
    handle = await people.handle(contact, "other")
    talk = await people.talk(handle)
    made = await merging.split(handle, by="Kim")
    owned = await people.belongings()
    assert owned["handles", handle] == owned["conversations", talk] == made.other_id != contact
    assert (await people.contacts())[made.other_id]["language"] == "zh"
    await people.check()
    since = await people.talk(handle)
    await merging.undo(made.id, by="Kim")
    assert (await people.belongings())["conversations", since] == contact
    assert set((await people.belongings()).values()) == {contact}
    assert [event.name for event in await people.events("contact.")] == [
        "contact.split",
        "contact.merged",
    ]


async def test_the_last_handle_is_not_split_off(people: People, merging: Merging) -> None:
    handle = await people.handle(await people.contact())
    with pytest.raises(ConflictError, match="only handle"):
        await merging.split(handle, by="Kim")


async def test_an_older_merge_waits_for_what_builds_on_it(
    people: People, merging: Merging
) -> None:
    one, two, three = [await people.person() for _ in range(3)]
    first = await merging.merge(one, two, by="Kim")
    second = await merging.merge(three, one, by="Kim")
    with pytest.raises(ConflictError, match=f"undo {second.id} first"):
        await merging.undo(first.id, by="Kim")
    assert {row["merged_into"] for row in (await people.contacts()).values()} == {None, three}
    await merging.undo(second.id, by="Kim")
    await merging.undo(first.id, by="Kim")
    with pytest.raises(ConflictError, match="undone already"):
        await merging.undo(first.id, by="Kim")


async def test_what_was_split_off_comes_back_before_it_is_merged_no_more(
    people: People, merging: Merging
) -> None:
    contact, third = await people.person(), await people.person()
    handle = await people.handle(contact, "other")
    split = await merging.split(handle, by="Kim")
    later = [
        await merging.merge(split.other_id, third, by="Kim"),
        await merging.merge(await people.person(), contact, by="Kim"),
    ]
    for merge in later:
        with pytest.raises(ConflictError, match=f"undo {merge.id} first"):
            await merging.undo(split.id, by="Kim")
        await merging.undo(merge.id, by="Kim")
    await merging.undo(split.id, by="Kim")
    assert (await people.belongings())["handles", handle] == contact


async def test_a_proof_goes_back_in_the_order_it_came(people: People, merging: Merging) -> None:
    customer, kept = await people.customer(), await people.person()
    made = []
    for hour in (1, 2):
        proof = {"customer_id": customer, "verified_at": NOON + timedelta(hours=hour)}
        made.append(await merging.merge(kept, await people.person(**proof), by="Kim"))
    with pytest.raises(ConflictError, match=f"undo {made[1].id} first"):
        await merging.undo(made[0].id, by="Kim")
    for merge in reversed(made):
        await merging.undo(merge.id, by="Kim")
    assert (await people.contacts())[kept]["verified_at"] is None


async def test_independent_merges_are_undone_in_any_order(
    people: People, merging: Merging
) -> None:
    one, two, three = [await people.person() for _ in range(3)]
    before = await people.belongings()
    made = [await merging.merge(one, other, by="Kim") for other in (two, three)]
    for merge in made:
        await merging.undo(merge.id, by="Kim")
    assert await people.belongings() == before


async def test_two_customers_are_merged_only_by_force(people: People, merging: Merging) -> None:
    first, second = await people.customer(), await people.customer()
    kept = await people.person(customer_id=first, verified_at=NOON)
    other = await people.person(customer_id=second, verified_at=NOON)
    assert (await merging.preview(kept, other)).two_customers
    with pytest.raises(TwoCustomersError):
        await merging.merge(kept, other, by="Kim")
    await merging.merge(kept, other, by="Kim", forced=True)
    assert (await people.contacts())[kept]["customer_id"] == first


@pytest.mark.parametrize("known", [True, False])
async def test_who_is_a_customer_comes_along_and_goes_back(
    people: People, merging: Merging, known: bool
) -> None:
    customer, earlier = await people.customer(), NOON - timedelta(hours=3)
    own: dict[str, Any] = {"customer_id": customer, "verified_at": earlier} if known else {}
    kept = await people.person(**own)
    other = await people.person(customer_id=customer, verified_at=NOON)
    made = await merging.merge(kept, other, by="Kim")
    row = (await people.contacts())[kept]
    assert (row["customer_id"], row["verified_at"]) == (customer, NOON)
    await merging.undo(made.id, by="Kim")
    row = (await people.contacts())[kept]
    assert (row["customer_id"], row["verified_at"]) == (
        own.get("customer_id"),
        own.get("verified_at"),
    )


async def test_a_customer_who_proved_it_again_stays_one(people: People, merging: Merging) -> None:
    customer = await people.customer()
    kept = await people.person()
    other = await people.person(customer_id=customer, verified_at=NOON)
    made = await merging.merge(kept, other, by="Kim")
    await people.set(kept, verified_at=NOON + timedelta(minutes=1))
    await merging.undo(made.id, by="Kim")
    assert (await people.contacts())[kept]["customer_id"] == customer


async def test_a_preview_says_what_will_move_and_moves_nothing(
    people: People, merging: Merging
) -> None:
    kept, other = await people.person(), await people.person(phone="+15550100")
    await people.know(kept, "size", "M")
    await people.know(other, "size", "L")
    before = await people.belongings()
    preview = await merging.preview(kept, other)
    assert preview.moves == {
        "handles": 1,
        "conversations": 1,
        "tickets": 1,
        "feedback": 1,
        "consents": 2,
        "suppressions": 2,
        "tasks": 1,
        "attributes": 1,
    }
    assert preview.fills == ("phone",)
    assert await people.belongings() == before


async def test_what_cannot_be_is_said_in_words(people: People, merging: Merging) -> None:
    one, two, three = [await people.person() for _ in range(3)]
    with pytest.raises(InvalidError, match="with itself"):
        await merging.merge(one, one, by="Kim")
    with pytest.raises(NotFoundError, match=NOBODY):
        await merging.merge(one, NOBODY, by="Kim")
    with pytest.raises(NotFoundError):
        await merging.split(NOBODY, by="Kim")
    with pytest.raises(NotFoundError):
        await merging.undo(5, by="Kim")
    await merging.merge(one, two, by="Kim")
    for kept, other in ((three, two), (two, three)):
        with pytest.raises(ConflictError, match=f"is merged into {one} already"):
            await merging.merge(kept, other, by="Kim")


async def test_who_was_merged_is_found_as_who_they_are_now(
    people: People, merging: Merging
) -> None:
    kept = await people.person()
    other = await people.person(email="ada@example.com")
    await merging.merge(kept, other, by="Kim")
    contacts = Contacts(people.database)
    for reference in (kept, other, "ada@example.com"):
        found = await contacts.find(reference)
        assert (found.id, len(found.identities), len(found.conversations)) == (kept, 2, 2)


async def test_who_was_merged_is_known_again_by_both_addresses(
    people: People, merging: Merging, clock: StoppedClock
) -> None:
    kept = await people.person(email="new@example.com")
    other = await people.person(email="old@example.com")
    await merging.merge(kept, other, by="Kim")
    assert (await Contacts(people.database).find("old@example.com")).id == kept
    importer = ContactImporter(people.database, clock)
    report = await importer.rows([{"email": "old@example.com", "name": "Ada"}])
    assert (report.created, report.updated) == (0, 1)
    row = (await people.contacts())[kept]
    assert (row["email"], row["name"]) == ("new@example.com", "Ada")
    assert (await importer.rows([{"email": "old@example.com", "name": "Ada"}])).unchanged == 1
