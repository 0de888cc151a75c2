"""Access over the desk's real database, with quick hashes."""

import pytest
from argon2 import PasswordHasher

from app.access import build
from app.wiring import Desk
from desk.access.access import Access
from desk.access.passwords import Passwords
from desk.access.policy import Principal, Role
from desk.settings import Settings
from tests.conftest import SECRET

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "a fine long password"
ADMIN = Principal(id="operator", name="operator", role=Role.ADMIN)
MANAGER = Principal(id="manager", name="Mia", role=Role.MANAGER)


@pytest.fixture
def access(desk: Desk, settings: Settings) -> Access:
    """Return who may come in."""
    return build(
        settings,
        secret=SECRET,
        database=desk.database,
        clock=desk.clock,
        handoff=desk.handoff,
        tickets=desk.tickets,
        passwords=Passwords(QUICK),
    )


async def user(
    access: Access, name: str, role: Role = Role.AGENT, *, password: str = PASSWORD
) -> str:
    """Make a user who has chosen a password; return the id."""
    email = f"{name.lower()}@example.com"
    row, link = await access.users.invite(by=ADMIN, name=name, email=email, role=role)
    await access.credentials.use_link(link, password)
    return row.id
