"""Users: who may make whom what, the last admin, agents who leave, and names of all kinds."""

import asyncio

import pytest
from sqlalchemy import select

from app.wiring import Desk
from desk.access.access import Access
from desk.access.audit import Filter
from desk.access.credentials import UsedLinkError
from desk.access.granting import answers, may_grant
from desk.access.names import checked_email, display_name
from desk.access.policy import Kind, Principal, Role
from desk.access.sessions import Browser
from desk.access.users import LastAdminError, NotYoursToGrantError, TakenError, Wanted
from desk.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from desk.tables.access import UserRow
from desk.tables.agent import AgentRow, AgentStatus
from desk.tables.conversation import Owner
from tests.access.conftest import ADMIN, MANAGER, PASSWORD, user
from tests.talk import conversation, events, rows, says

LOW, HIGH = (Role.VIEWER, Role.AGENT, Role.MARKETER), (Role.MANAGER, Role.ADMIN)


@pytest.mark.parametrize("by", Role)
@pytest.mark.parametrize("present", Role)
@pytest.mark.parametrize("wanted", Role)
def test_who_may_make_whom_what(by: Role, present: Role, wanted: Role) -> None:
    who = Principal(id="x", name="x", role=by)
    low = present in LOW and wanted in LOW
    assert may_grant(who, present, wanted) is (by is Role.ADMIN or (by is Role.MANAGER and low))


def test_a_program_without_the_scope_makes_nobody_anything() -> None:
    program = Principal(id="x", name="x", role=Role.ADMIN, kind=Kind.PROGRAM)
    assert not may_grant(program, Role.VIEWER)
    assert [role for role in Role if answers(role)] == [Role.AGENT, Role.MANAGER, Role.ADMIN]


async def test_a_manager_touches_no_manager_and_no_admin(access: Access) -> None:
    admin, agent = await user(access, "Ada", Role.ADMIN), await user(access, "Kim")
    manager = await user(access, "Max", Role.MANAGER)
    users = access.users
    for id_ in (admin, manager):
        for attempt in (
            users.change(id_, Wanted(email="new@example.com"), by=MANAGER),
            users.link(id_, by=MANAGER),
            users.disable(id_, by=MANAGER),
            users.enable(id_, by=MANAGER),
            users.delete(id_, by=MANAGER),
            users.end_sessions(id_, by=MANAGER),
            users.drop_second_step(id_, by=MANAGER),
        ):
            with pytest.raises(NotYoursToGrantError):
                await attempt
    for role in HIGH:
        with pytest.raises(NotYoursToGrantError):
            await users.change(agent, Wanted(role=role), by=MANAGER)
        with pytest.raises(NotYoursToGrantError):
            await users.invite(by=MANAGER, name="X", email="x@example.com", role=role)
    assert (await users.change(agent, Wanted(role=Role.VIEWER), by=MANAGER)).role is Role.VIEWER


async def test_the_last_admin_stays(access: Access) -> None:
    ada = await user(access, "Ada", Role.ADMIN)
    # One who was invited and never came is no way back in.
    await access.users.invite(by=ADMIN, name="Bo", email="bo@example.com", role=Role.ADMIN)
    for attempt in (
        access.users.disable(ada, by=ADMIN),
        access.users.delete(ada, by=ADMIN),
        access.users.change(ada, Wanted(role=Role.VIEWER), by=ADMIN),
    ):
        with pytest.raises(LastAdminError):
            await attempt


async def test_two_admins_who_remove_each_other_leave_one(access: Access) -> None:
    two = [await user(access, name, Role.ADMIN) for name in ("Ada", "Cy")]
    users, lower = access.users, Wanted(role=Role.AGENT)
    for _ in range(10):
        disabled = await asyncio.gather(
            *(users.disable(one, by=ADMIN) for one in two), return_exceptions=True
        )
        assert [type(one) for one in disabled if isinstance(one, Exception)] == [LastAdminError]
        assert await users.has_admin()
        await asyncio.gather(*(users.enable(one, by=ADMIN) for one in two))
        lowered = await asyncio.gather(
            *(users.change(one, lower, by=ADMIN) for one in two), return_exceptions=True
        )
        assert [type(one) for one in lowered if isinstance(one, Exception)] == [LastAdminError]
        await asyncio.gather(
            *(users.change(one, Wanted(role=Role.ADMIN), by=ADMIN) for one in two)
        )


async def test_names_and_addresses_are_somebody_s_once(access: Access, desk: Desk) -> None:
    await user(access, "Éva")
    await desk.agents.add(name="Slack Sam", email="sam@example.com")
    await desk.agents.add(name="Lee", email="lee@example.com")
    invite = access.users.invite
    for name, email in (
        ("Éva", "other@example.com"),
        ("New", "éva@example.com"),
        ("Lee", "another@example.com"),
    ):
        with pytest.raises(ConflictError):
            await invite(by=ADMIN, name=name, email=email, role=Role.AGENT)
    row, _ = await invite(by=ADMIN, name="Sam", email="Sam@example.com", role=Role.AGENT)
    # Their conversations are under the name that the desk knows them by.
    assert (row.name, row.email) == ("Slack Sam", "sam@example.com")
    assert len(await rows(desk, AgentRow)) == 3
    with pytest.raises(TakenError):
        await access.users.change(row.id, Wanted(email="éva@example.com"), by=ADMIN)


async def test_two_invitations_at_once_make_one_user(access: Access, desk: Desk) -> None:
    both = await asyncio.gather(
        *(
            access.users.invite(by=ADMIN, name="Kim", email="kim@example.com", role=Role.VIEWER)
            for _ in range(2)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, TakenError) for one in both) == 1
    assert len(await rows(desk, UserRow)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Zoë\n\tÅ ", "Zoë Å"),
        ("e\u0301va", "éva"),
        ("莫 小明", "莫 小明"),
        ("Mo\u202egnp", "Mo gnp"),
        ("\x00\u200b", ""),
        ("x" * 500, "x" * 60),
    ],
)
def test_names(text: str, name: str) -> None:
    assert display_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "kim", "kim@", "@example.com", "a@b", "a b@example.com", "a@b.c\nx", "a,b@c.de"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidError):
        checked_email(text)


async def test_a_user_who_answers_is_an_agent_and_at_work_once_they_came(
    access: Access, desk: Desk
) -> None:
    _, link = await access.users.invite(
        by=ADMIN, name="Kim", email="kim@example.com", role=Role.AGENT, team="refunds"
    )
    (agent,) = await rows(desk, AgentRow)
    assert (agent.name, agent.team, agent.status) == ("Kim", "refunds", AgentStatus.OFFLINE)
    await access.credentials.use_link(link, PASSWORD)
    (agent,) = await rows(desk, AgentRow)
    assert agent.status is AgentStatus.ONLINE
    await user(access, "Vi", Role.VIEWER)
    assert len(await rows(desk, AgentRow)) == 1


@pytest.mark.parametrize("way", ["disable", "delete", "demote"])
async def test_who_leaves_leaves_nothing_behind(access: Access, desk: Desk, way: str) -> None:
    kim = await user(access, "Kim")
    await says(desk, "human")
    talk = await conversation(desk)
    await desk.handoff.take_over(talk.id, agent="Kim")
    ticket = await desk.tickets.open(
        key="k", conversation_id=talk.id, topic="complaint", title="Lamp", description="broken"
    )
    await desk.tickets.set(number=ticket.number, assignee="Kim", by="Kim")
    await {
        "disable": lambda: access.users.disable(kim, by=ADMIN),
        "delete": lambda: access.users.delete(kim, by=ADMIN),
        "demote": lambda: access.users.change(kim, Wanted(role=Role.VIEWER), by=ADMIN),
    }[way]()
    talk = await conversation(desk)
    assert (talk.owner, talk.agent) == (Owner.WAITING, None)
    assert not (await desk.tickets.get(number=ticket.number)).assignee
    (removed,) = await events(desk, "agent.removed")
    assert removed.data["agent"] == "Kim"
    assert (await events(desk, "conversation.agent_lost"))[0].data["reason"] == "agent_removed"
    (agent,) = await rows(desk, AgentRow)
    assert agent.status is AgentStatus.OFFLINE
    # Once more is harmless.
    again = await access.users._leaving.hand_back("Kim", by="x", now=desk.clock())
    assert again == 0


async def test_who_is_disabled_has_no_way_in_until_enabled(access: Access) -> None:
    kim = await user(access, "Kim")
    link = await access.users.link(kim, by=ADMIN)
    await access.users.disable(kim, by=ADMIN)
    assert await access.credentials.check("kim@example.com", PASSWORD) is None
    with pytest.raises(UsedLinkError):
        await access.credentials.open_link(link)
    with pytest.raises(ForbiddenError):
        await access.users.meet(
            issuer="https://i", subject="s", email="kim@example.com", name="K", role=Role.VIEWER
        )
    await access.users.enable(kim, by=ADMIN)
    assert await access.credentials.check("kim@example.com", PASSWORD)
    await access.users.delete(kim, by=ADMIN)
    with pytest.raises(NotFoundError):
        await access.users.get(kim)
    assert await access.credentials.check("kim@example.com", PASSWORD) is None


async def test_a_session_of_before_is_no_way_in_either(access: Access, desk: Desk) -> None:
    kim = await user(access, "Kim")
    browser = Browser(address="203.0.113.9", name="")
    key = await access.sessions.enter(kim, browser, how="password")
    assert await access.sessions.find(key)
    # Whoever writes it straight into the table need not know about sessions.
    async with desk.database.write() as session:
        (await session.get_one(UserRow, kim)).disabled_at = desk.clock()
    assert await access.sessions.find(key) is None
    assert await access.sessions.find("") is None
    assert await access.sessions.find(key[:-1]) is None


async def test_single_sign_on_knows_by_subject_then_by_address_then_makes(
    access: Access, desk: Desk
) -> None:
    kim = await user(access, "Kim")
    issuer = "https://login.example.com"

    async def meet(subject: str, email: str, role: Role | None = None) -> UserRow:
        return await access.users.meet(
            issuer=issuer, subject=subject, email=email, name="Kim", role=role
        )

    with pytest.raises(ForbiddenError):
        await meet("1", "stranger@example.com")
    assert (await meet("1", "kim@example.com")).id == kim
    assert (await meet("1", "kim.new@example.com")).id == kim
    with pytest.raises(ForbiddenError):
        await meet("2", "kim@example.com")
    made = await meet("3", "kim3@example.com", Role.VIEWER)
    assert (made.name, made.role) == ("Kim (2)", Role.VIEWER)


async def test_everything_is_noted(access: Access, desk: Desk) -> None:
    kim = await user(access, "Kim")
    await access.users.change(kim, Wanted(role=Role.MARKETER, team="north"), by=ADMIN)
    await access.users.link(kim, by=ADMIN)
    await access.users.disable(kim, by=ADMIN)
    from_audit = [(one.who, one.deed) async for one in access.audit.each(Filter())]
    assert from_audit[::-1] == [
        ("operator", "user.made"),
        ("Kim", "password.set_by_link"),
        ("operator", "user.changed"),
        ("operator", "user.link_made"),
        ("operator", "user.disabled"),
    ]
    async with desk.database.read() as session:
        assert await session.scalar(select(UserRow.team)) == "north"
