"""What the policy says, written down a second time and by hand: a slip in the table shows here."""

import pytest

from desk.access.policy import Deed, Kind, Principal, Role, allows

ONLY_ADMIN = {Deed.TOKEN_CHANGE, Deed.AUDIT_SEE, Deed.WEBHOOK_CHANGE}
FROM_MANAGER = ONLY_ADMIN | {
    Deed.RULE_CHANGE,
    Deed.SLA_CHANGE,
    Deed.TEAM_CHANGE,
    Deed.USER_SEE,
    Deed.USER_CHANGE,
    Deed.CHANNEL_SEE,
    Deed.DELIVERY_REPLAY,
    Deed.WEBHOOK_SEE,
}
FROM_MARKETER = {Deed.SEGMENT_SEE, Deed.SEGMENT_CHANGE, Deed.DATA_IMPORT, Deed.REPORT_EXPORT}
OF_AGENTS = {
    Deed.CONVERSATION_ANSWER,
    Deed.CONVERSATION_MOVE,
    Deed.TICKET_OPEN,
    Deed.TICKET_CHANGE,
    Deed.TICKET_MERGE,
    Deed.CONTACT_MERGE,
}


def _may(role: Role, deed: Deed, *, own: bool = True) -> bool:
    return allows(Principal(id="x", name="x", role=role), deed, own=own)


@pytest.mark.parametrize("deed", Deed)
def test_who_may_do_it_at_most(deed: Deed) -> None:
    allowed = {role for role in Role if _may(role, deed)}
    assert Role.ADMIN in allowed
    if deed in ONLY_ADMIN:
        assert allowed == {Role.ADMIN}
    elif deed in FROM_MANAGER:
        assert allowed == {Role.MANAGER, Role.ADMIN}
    elif deed in FROM_MARKETER:
        assert allowed == {Role.MARKETER, Role.MANAGER, Role.ADMIN}
    elif deed in OF_AGENTS:
        assert allowed == {Role.AGENT, Role.MANAGER, Role.ADMIN}
    if not deed.endswith(".see") and Role.VIEWER in allowed:
        assert not _may(Role.VIEWER, deed, own=False), "viewers change nothing but their own"


def test_what_is_one_s_own_alone() -> None:
    for role in Role:
        assert _may(role, Deed.SELF_CHANGE)
        assert _may(role, Deed.SELF_CHANGE, own=False) is (role is Role.ADMIN)
    assert _may(Role.AGENT, Deed.TICKET_MERGE)
    assert not _may(Role.AGENT, Deed.TICKET_MERGE, own=False)
    assert _may(Role.MANAGER, Deed.TICKET_MERGE, own=False)


@pytest.mark.parametrize("role", Role)
def test_a_program_may_nothing_without_a_scope(role: Role) -> None:
    bare = Principal(id="x", name="x", role=role, kind=Kind.PROGRAM)
    assert not any(allows(bare, deed, own=True) for deed in Deed)
    narrow = Principal(
        id="x", name="x", role=role, kind=Kind.PROGRAM, scopes=frozenset({Deed.USER_CHANGE})
    )
    allowed = [deed for deed in Deed if allows(narrow, deed, own=True)]
    assert allowed == ([Deed.USER_CHANGE] if role in (Role.MANAGER, Role.ADMIN) else [])
