"""Who may make whom what."""

from desk.access.policy import Deed, Principal, Role, allows

_BY_A_MANAGER = frozenset({Role.VIEWER, Role.AGENT, Role.MARKETER})


def may_grant(by: Principal, *roles: Role) -> bool:
    """Say whether somebody may touch users who have, or are to have, these roles."""
    if not allows(by, Deed.USER_CHANGE):
        return False
    return by.role is Role.ADMIN or set(roles) <= _BY_A_MANAGER


def answers(role: Role) -> bool:
    """Say whether people of this role answer customers, and so are agents."""
    return allows(Principal(id="", name="", role=role), Deed.CONVERSATION_ANSWER)
