"""Taking a merge or a split back."""

from collections.abc import Sequence
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts import merge_repository as ask
from desk.contacts.filling import put_back
from desk.contacts.merge_repository import Moved
from desk.errors import ConflictError
from desk.tables.contact import ContactRow, MergeRow


async def unmerge(
    session: AsyncSession, row: MergeRow, kept: ContactRow, other: ContactRow
) -> None:
    """Give back what came from the other contact, and what their handles started since.

    Raises:
        ConflictError: a later merge or split builds on this one; the message names it.
    """
    since = await ask.later(session, row)
    moved: Moved = dict(row.moved)
    # Whoever was filled in later was filled into what this one left: a field goes back in the order it came.
    overlapping = [one for one in since if one.changed.keys() & row.changed.keys()]
    here = kept.merged_into is None and await ask.are_at(session, moved, kept.id)
    if overlapping or not here:
        _refuse(overlapping or since)
    started = await ask.conversations(session, kept.id, moved["contact_identity"])
    moved["conversation"] = sorted({*moved["conversation"], *started})
    await ask.move(session, moved, source=kept.id, contact_id=other.id)
    other.merged_into = None
    put_back(kept, row.changed)


async def unsplit(
    session: AsyncSession, row: MergeRow, kept: ContactRow, other: ContactRow
) -> None:
    """Let what was split off, and all that it came to since, be the kept contact's again; errors as above."""
    since = await ask.later(session, row)
    mine = [one for one in since if other.id in (one.kept_id, one.other_id)]
    if mine or kept.merged_into is not None:
        _refuse(mine or since)
    moved = await ask.all_of(session, other.id, kept.id)
    await ask.move(session, moved, source=other.id, contact_id=kept.id)
    other.merged_into = kept.id


def _refuse(since: Sequence[MergeRow]) -> NoReturn:
    if since:
        raise ConflictError(f"a later change builds on this one: undo {since[0].id} first")
    raise ConflictError("what was moved has moved on since; it cannot be undone")
