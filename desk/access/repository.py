"""Users in the database."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.access.policy import Principal, Role
from desk.errors import NotFoundError
from desk.tables.access import UserRow

# An admin who can sign in.
_IS_ADMIN = and_(
    UserRow.role == Role.ADMIN,
    UserRow.disabled_at.is_(None),
    or_(UserRow.password_hash.is_not(None), UserRow.subject.is_not(None)),
)


def principal(row: UserRow) -> Principal:
    """Return who a user is to the policy."""
    return Principal(id=row.id, name=row.name, role=row.role, team=row.team)


def admins() -> Select[UserRow]:
    """Ask for the admins who can sign in."""
    return select(UserRow).where(_IS_ADMIN)


async def locked_admins(session: AsyncSession, *others: str) -> Sequence[UserRow]:
    """Return the admins who can sign in, and the users ``others``, locked.

    All in one statement and one order: two admins who remove each other do it one after the other,
    and neither holds the row that the other waits for.
    """
    query = select(UserRow).where(or_(_IS_ADMIN, UserRow.id.in_(others)))
    query = query.order_by(UserRow.id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def every(session: AsyncSession) -> Sequence[UserRow]:
    """Return all users by name, those who are disabled last."""
    query = select(UserRow).order_by(UserRow.disabled_at.is_not(None), func.lower(UserRow.name))
    return (await session.scalars(query)).all()


async def one(session: AsyncSession, user_id: str) -> UserRow:
    """Return a user.

    Raises:
        NotFoundError: there is none.
    """
    row = await session.get(UserRow, user_id)
    if row is None:
        raise NotFoundError("there is no such user")
    return row


async def locked(session: AsyncSession, user_id: str) -> UserRow:
    """Return a user, whom nobody else changes until the transaction ends.

    Raises:
        NotFoundError: there is none.
    """
    query = select(UserRow).where(UserRow.id == user_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFoundError("there is no such user")
    return row


async def by_email(session: AsyncSession, email: str) -> UserRow | None:
    """Return the user with an address."""
    query = select(UserRow).where(UserRow.email == email.strip().lower())
    found: UserRow | None = await session.scalar(query)
    return found


async def by_name(session: AsyncSession, name: str) -> UserRow | None:
    """Return the user with a name, whatever its case."""
    query = select(UserRow).where(func.lower(UserRow.name) == func.lower(name))
    found: UserRow | None = await session.scalar(query.limit(1))
    return found


async def by_subject(session: AsyncSession, issuer: str, subject: str) -> UserRow | None:
    """Return the user who is somebody at a provider of single sign-on."""
    query = select(UserRow).where(UserRow.issuer == issuer, UserRow.subject == subject)
    found: UserRow | None = await session.scalar(query)
    return found
