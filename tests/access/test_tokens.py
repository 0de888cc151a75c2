"""Tokens of programs: shown once, narrow, and over when they are over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.wiring import Desk
from desk.access.access import Access
from desk.access.policy import Deed, Kind, Role, allows
from desk.clock import StoppedClock
from desk.errors import InvalidError, NotFoundError
from desk.tables.access import TokenRow

SEES = (Deed.TICKET_SEE, Deed.RULE_CHANGE)


async def test_a_token_may_what_its_role_may_of_its_scopes(access: Access, desk: Desk) -> None:
    row, text = await access.tokens.make(
        name=" warehouse ", role=Role.AGENT, scopes=SEES, expires_at=None, by="Ada"
    )
    who = await access.tokens.principal_of(text)
    assert who is not None
    assert (who.id, who.name, who.kind) == (row.id, "warehouse", Kind.PROGRAM)
    allowed = [deed for deed in Deed if allows(who, deed, own=True)]
    assert allowed == [Deed.TICKET_SEE]
    async with desk.database.read() as session:
        kept = (await session.scalars(select(TokenRow))).one()
    assert text not in (kept.token_hash, kept.name, kept.id)


async def test_a_token_is_over_when_it_is_revoked_or_its_time_is(
    access: Access, clock: StoppedClock
) -> None:
    row, text = await access.tokens.make(
        name="a",
        role=Role.ADMIN,
        scopes=SEES,
        expires_at=clock() + timedelta(days=30),
        by="Ada",
    )
    _, other = await access.tokens.make(
        name="b", role=Role.ADMIN, scopes=SEES, expires_at=None, by="Ada"
    )
    clock.advance(timedelta(days=29, hours=23))
    assert await access.tokens.principal_of(text)
    assert await access.tokens.principal_of(other)
    clock.advance(timedelta(hours=1))
    assert await access.tokens.principal_of(text) is None
    (b, a) = await access.tokens.list()
    assert (a.id, a.last_used_at) == (row.id, clock() - timedelta(hours=1))
    await access.tokens.revoke(b.id, by="Ada")
    assert await access.tokens.principal_of(other) is None


@pytest.mark.parametrize("text", ["", "fd_", "fd_" + "x" * 43, "莫" * 50, "fd_\x00" + "x" * 42])
async def test_what_is_no_token(access: Access, text: str) -> None:
    assert await access.tokens.principal_of(text) is None


async def test_what_makes_no_token(access: Access, clock: StoppedClock) -> None:
    for name, scopes, until in (
        (" ", SEES, None),
        ("a", (), None),
        ("a", SEES, clock()),
    ):
        with pytest.raises(InvalidError):
            await access.tokens.make(
                name=name, role=Role.AGENT, scopes=scopes, expires_at=until, by="Ada"
            )
    with pytest.raises(NotFoundError):
        await access.tokens.revoke("nothing", by="Ada")
